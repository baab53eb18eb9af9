"""What people ask for and answer, as events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from shared.domain.event import Event
from shared.domain.names import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalAnswered(Event):
    """A person said yes or no to a numbered request. `wrote`: whether they are among the authors that `authors` (evidence) names."""

    request: str
    person: Person
    groups: tuple[str, ...]
    approve: bool
    comment: str = ""
    authors: str = ""
    wrote: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoteRequested(Event):
    """A person asks to bring a version into an environment again."""

    version: str
    environment: str
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortRequested(Event):
    """A person stops a release."""

    version: str
    person: Person
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRequested(Event):
    """A person asks to resume an errored release at the failed step."""

    version: str
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeployRequested(Event):
    """A person asks to deploy a version (what is live, where it is empty) again."""

    environment: str
    version: str
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackRequested(Event):
    """A person asks to go back to the last good artifact, or to a named earlier one."""

    environment: str
    reason: str
    to: str
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideGranted(Event):
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


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAdopted(Event):
    """A person says what runs: an earlier good version, or nothing that counts (empty)."""

    environment: str
    version: str
    reason: str
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactHoldLifted(Event):
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
