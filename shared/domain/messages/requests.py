"""What people ask for and answer, as events."""

from __future__ import annotations

from typing import TypeAlias

from shared.domain.messages.event import Event
from shared.domain.values.person import Person


class ApprovalAnswered(Event, tag="approval-answered"):
    """A person said yes or no to a numbered request. `wrote`: whether they are among the authors that `authors` (evidence) names."""

    request: str
    person: Person
    groups: tuple[str, ...]
    approve: bool
    comment: str = ""
    authors: str = ""
    wrote: bool = False


class PromoteRequested(Event, tag="promote-requested"):
    """A person asks to bring a version into an environment again."""

    version: str
    environment: str
    person: Person


class AbortRequested(Event, tag="abort-requested"):
    """A person stops a release."""

    version: str
    person: Person
    reason: str = ""


class RetryRequested(Event, tag="retry-requested"):
    """A person asks to resume an errored release at the failed step."""

    version: str
    person: Person


class RedeployRequested(Event, tag="redeploy-requested"):
    """A person asks to deploy a version (what is live, where it is empty) again; `restart`: and to start its pods anew."""

    environment: str
    version: str
    person: Person
    restart: bool = False


class RollbackRequested(Event, tag="rollback-requested"):
    """A person asks to go back to the last good artifact, or to a named earlier one."""

    environment: str
    reason: str
    to: str
    person: Person


class OverrideGranted(Event, tag="override-granted"):
    """A person lets a version past one gate in one environment, once.

    Past the gate `authors` they say who the unknown author is (`answer`: mails, names or ids; none: none of the
    approvers), and `wrote` whether they are themselves among the authors that `authors` (evidence) names.
    """

    environment: str
    version: str
    gate: str
    reason: str
    person: Person
    answer: tuple[str, ...] = ()
    authors: str = ""
    wrote: bool = False


class LiveAdopted(Event, tag="live-adopted"):
    """A person says what runs: an earlier good version, or what was found there (empty; nothing that counts, where it was not).

    `dry_run` asks what that would come to.
    """

    environment: str
    version: str
    reason: str
    person: Person
    dry_run: bool = False


class ArtifactHoldLifted(Event, tag="artifact-hold-lifted"):
    """A person lifts the hold on an artifact that was rolled back."""

    hold: str
    reason: str
    person: Person


RequestEvent: TypeAlias = (
    PromoteRequested
    | AbortRequested
    | RetryRequested
    | RedeployRequested
    | RollbackRequested
    | OverrideGranted
    | LiveAdopted
    | ArtifactHoldLifted
)
