"""What happened, in the past tense. A closed union: `decide` has an answer for each."""

from __future__ import annotations

from typing import TypeAlias

from shared.domain.messages.event import Event
from shared.domain.messages.hook_events import (
    BuildFinished,
    HookEvent,
    ManifestDeleted,
    PushReceived,
    RegistryEvent,
    TagPushed,
)
from shared.domain.messages.registry_events import (
    ArtifactAnnounced,
    ArtifactTagged,
    ArtifactWithdrawn,
    RegistryAnswer,
    TaggingFailed,
    TagsRead,
)
from shared.domain.messages.requests import (
    AbortRequested,
    ApprovalAnswered,
    ArtifactHoldLifted,
    LiveAdopted,
    OverrideGranted,
    PromoteRequested,
    RedeployRequested,
    RequestEvent,
    RetryRequested,
    RollbackRequested,
)
from shared.domain.policies.policy import ServicePolicy
from shared.domain.state.build import BuildHandle, BuildResult
from shared.domain.state.promotion import Facts, Rendered
from shared.domain.values.person import Person

# Requests, what a registry says, and what is no service's event yet, stand in files of their own; all events are met here.
__all__ = [
    "AbortRequested",
    "ApprovalAnswered",
    "ArtifactAnnounced",
    "ArtifactHoldLifted",
    "ArtifactTagged",
    "ArtifactWithdrawn",
    "BuildFinished",
    "LiveAdopted",
    "ManifestDeleted",
    "HookEvent",
    "OverrideGranted",
    "PromoteRequested",
    "PushReceived",
    "RedeployRequested",
    "RegistryAnswer",
    "RegistryEvent",
    "RequestEvent",
    "RetryRequested",
    "RollbackRequested",
    "TagPushed",
    "TaggingFailed",
    "TagsRead",
]


class PolicyChanged(Event, tag="policy-changed"):
    """The default branch says something new of the service."""

    policy: ServicePolicy


class ServiceRemoved(Event, tag="service-removed"):
    """The service left the configuration."""


class ChangeFound(Event, tag="change-found"):
    """A branch points at a new commit that concerns the service. `number` counts the changes of the branch.

    `skip` is the marker that asks not to build, where a commit has one.
    """

    ref: str
    commit: str
    number: int
    pushed_by: Person | None = None
    skip: str = ""
    pull_request: str = ""


class PusherFound(Event, tag="pusher-found"):
    """Somebody pushed what is released, and another message had told of it before theirs came.

    None: it was pushed, and nobody is named for it. `again` is another push of the commit than the one nobody is named for.
    """

    ref: str
    commit: str
    pushed_by: Person | None
    again: bool = False


class BranchDeleted(Event, tag="branch-deleted"):
    """The branch is gone."""

    ref: str
    number: int


class BuildStarted(Event, tag="build-started"):
    """The host that builds has given a build's run a name."""

    number: int
    attempt: int
    handle: BuildHandle


class BuildEnded(Event, tag="build-ended"):
    """Somebody says that the run of a build ended; what came of it is read from the host that builds."""

    number: int
    attempt: int


class BuildReported(Event, tag="build-reported"):
    """A build ended. The registry was asked by digest whether it holds what the result names."""

    effect: str
    number: int
    attempt: int
    result: BuildResult


class FactsGathered(Event, tag="facts-gathered"):
    """What a promotion's gates asked for; `rendered` is None where nothing is rendered, as for what was deployed before."""

    effect: str
    number: int
    facts: Facts
    rendered: Rendered | None = None


class ArtifactRetagged(Event, tag="artifact-retagged"):
    """Image and chart lie in the environment's registry namespace, with the same digests; `how` says what moved for it."""

    effect: str
    number: int
    attempt: int
    how: str = ""


class ArtifactDeployed(Event, tag="artifact-deployed"):
    """The artifact was applied; `revision` names it for watching the rollout.

    `unchanged`: it was there already, and nothing had to be written. `healed` says in words what a dead client or somebody's
    hand had left, and was put right first.
    """

    effect: str
    number: int
    attempt: int
    revision: str
    unchanged: bool = False
    healed: tuple[str, ...] = ()


class RolloutObserved(Event, tag="rollout-observed"):
    """The environment settled: healthy, or not.

    `evidence` names what was kept for people who look for the cause, empty where nothing was; `beside` are containers that
    run although no manifest names them.
    """

    effect: str
    number: int
    attempt: int
    healthy: bool
    reason: str
    evidence: str = ""
    beside: tuple[str, ...] = ()


class EffectFailed(Event, tag="effect-failed"):
    """An effect came to nothing.

    `ours` tells a fault of the platform from one of the release, `changed` whether the environment may have been touched.
    """

    effect: str
    number: int
    attempt: int
    reason: str
    ours: bool
    changed: bool


class EffectDone(Event, tag="effect-done"):
    """An effect is done, or not wanted any more, and no decision waits for it."""

    effect: str


class EffectRefused(Event, tag="effect-refused"):
    """An effect lay in a queue whose worker does not act on it; nothing was done. `refused` is the effect's id."""

    refused: str
    reason: str


class MessagePoisoned(Event, tag="message-poisoned"):
    """A message of the service's failed as often as it may, and nobody delivers it any more.

    `poison` is its number among those that are kept; `effect` names what it asked for, empty where it asked for
    nothing, could not be read, or lay where such effects do not lie.
    """

    poison: int
    queue: str
    message_type: str
    effect: str = ""


class TimePassed(Event, tag="time-passed"):
    """Look again: a deadline, a window, a lifted hold. Alone it changes nothing, and then nothing is written."""


BuildEvent: TypeAlias = BuildStarted | BuildEnded | BuildReported
PromotionEvent: TypeAlias = (
    FactsGathered
    | ApprovalAnswered
    | ArtifactRetagged
    | ArtifactDeployed
    | RolloutObserved
    | EffectFailed
    | EffectRefused
    | MessagePoisoned
    | RequestEvent
)
ChangeEvent: TypeAlias = (
    PolicyChanged
    | ServiceRemoved
    | ChangeFound
    | PusherFound
    | BranchDeleted
    | BuildEvent
    | RegistryAnswer
    | TimePassed
)
ServiceEvent: TypeAlias = ChangeEvent | PromotionEvent
