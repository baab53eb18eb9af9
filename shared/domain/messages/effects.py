"""Please do it: what a decision asks of the world, in the imperative. A closed union.

An effect names what it is about and no more: who performs it reads the state again before acting. Its id is
`<service>:<number>:<kind>:<attempt>`, the same however often it is sent; a build's number has the letter b.
"""

from __future__ import annotations

from typing import ClassVar, TypeAlias

from shared.domain.messages.event import Event
from shared.domain.messages.events import (
    ArtifactDeployed,
    ArtifactRetagged,
    ArtifactTagged,
    BuildReported,
    BuildStarted,
    EffectFailed,
    FactsGathered,
    RolloutObserved,
    TaggingFailed,
    TagsRead,
)
from shared.domain.state.build import NO_HANDLE, BuildHandle
from shared.domain.values.names import ServiceKey
from shared.domain.values.records import Record, type_name


class Effect(Record, tag_field="type"):
    """One thing to do for one service. `kind` also names the queue it goes to.

    `reports` are the events that may come of it, beside that it is done. What only `looks` changes nothing outside.
    """

    kind: ClassVar[str]
    looks: ClassVar[bool] = False
    reports: ClassVar[tuple[type[Event], ...]] = ()

    service: ServiceKey

    @property
    def subject(self) -> str:
        """What the effect is about, without the service: number, and what else tells it from others."""
        raise NotImplementedError

    @property
    def id(self) -> str:
        """Names the effect; doing it twice under one id is harmless."""
        return f"{self.service}:{self.subject}"


class _OfBuild(Effect):
    number: int
    attempt: int

    @property
    def subject(self) -> str:
        """See Effect."""
        return f"b{self.number}:{type_name(self)}:{self.attempt}"


class _OfPromotion(Effect):
    number: int
    attempt: int

    @property
    def subject(self) -> str:
        """See Effect."""
        return f"{self.number}:{type_name(self)}:{self.attempt}"


class Build(_OfBuild, tag="build"):
    """Build a validation's or a release's commit."""

    kind: ClassVar[str] = "build"
    reports: ClassVar[tuple[type[Event], ...]] = (BuildStarted, BuildReported)


class LookAtBuild(_OfBuild, tag="look-at-build"):
    """Ask once how a build is doing whose run is said to have ended. Whoever waits for it looks at times, all the same."""

    kind: ClassVar[str] = "gather-facts"
    looks: ClassVar[bool] = True
    reports: ClassVar[tuple[type[Event], ...]] = (BuildReported,)


class CancelBuild(_OfBuild, tag="cancel-build"):
    """Stop a build whose result no longer counts. It waits in no queue behind builds.

    `handle` is that of its run: what is built is not in the state any more when this is performed.
    """

    kind: ClassVar[str] = "cancel"
    handle: BuildHandle = NO_HANDLE


class ReadTags(Effect, tag="read-tags"):
    """Read what the version's tags name in the registry. `asked` tells one question from the next."""

    kind: ClassVar[str] = "gather-facts"
    looks: ClassVar[bool] = True
    reports: ClassVar[tuple[type[Event], ...]] = (TagsRead,)
    version: str
    asked: int

    @property
    def subject(self) -> str:
        """See Effect."""
        return f"v{self.version}:read-tags:{self.asked}"


class Tag(Effect, tag="tag"):
    """Let the version's tags name what was built. `attempt` counts how often that was asked of the release."""

    kind: ClassVar[str] = "tag"
    reports: ClassVar[tuple[type[Event], ...]] = (ArtifactTagged, TaggingFailed)
    version: str
    attempt: int

    @property
    def subject(self) -> str:
        """See Effect."""
        return f"v{self.version}:tag:{self.attempt}"


class GatherFacts(Effect, tag="gather-facts"):
    """Read what a promotion's gates need. `asked` tells one question from the next."""

    kind: ClassVar[str] = "gather-facts"
    looks: ClassVar[bool] = True
    reports: ClassVar[tuple[type[Event], ...]] = (FactsGathered, EffectFailed)
    number: int
    asked: int

    @property
    def subject(self) -> str:
        """See Effect."""
        return f"{self.number}:gather-facts:{self.asked}"


class AskApproval(Effect, tag="ask-approval"):
    """Put the numbered question to people."""

    kind: ClassVar[str] = "ask-approval"
    number: int
    request: str
    round: int

    @property
    def subject(self) -> str:
        """See Effect."""
        return f"{self.number}:ask-approval:{self.request[:16]}.{self.round}"


class CloseApproval(Effect, tag="close-approval"):
    """Tell people that the question is closed, and why."""

    kind: ClassVar[str] = "ask-approval"
    number: int
    request: str
    round: int
    reason: str

    @property
    def subject(self) -> str:
        """See Effect."""
        return f"{self.number}:close-approval:{self.request[:16]}.{self.round}"


class Retag(_OfPromotion, tag="retag"):
    """Copy image and chart into the environment's registry namespace."""

    kind: ClassVar[str] = "retag"
    reports: ClassVar[tuple[type[Event], ...]] = (ArtifactRetagged, EffectFailed)


class Deploy(_OfPromotion, tag="deploy"):
    """Apply the artifact to the environment."""

    kind: ClassVar[str] = "deploy"
    reports: ClassVar[tuple[type[Event], ...]] = (ArtifactDeployed, EffectFailed)


class Remove(_OfPromotion, tag="remove"):
    """Take a service out of an environment after its first deployment failed; the release has ended by then."""

    kind: ClassVar[str] = "deploy"
    version: str


class ObserveRollout(_OfPromotion, tag="observe-rollout"):
    """Watch the environment until it settles."""

    kind: ClassVar[str] = "observe-rollout"
    looks: ClassVar[bool] = True
    reports: ClassVar[tuple[type[Event], ...]] = (RolloutObserved, EffectFailed)


class SetStatus(Effect, tag="set-status"):
    """Say something about a commit where its author looks.

    `about` is the sequence of the ledger's entry that has the words; of one commit and context the highest is shown.
    """

    kind: ClassVar[str] = "notify"
    commit: str
    context: str
    about: int

    @property
    def subject(self) -> str:
        """See Effect."""
        return f"{self.commit[:12]}:set-status:{self.context}:{self.about}"


# What acts on one environment, and so is for the worker that holds its identity.
EnvironmentEffect: TypeAlias = GatherFacts | Retag | Deploy | Remove | ObserveRollout
ServiceEffect: TypeAlias = (
    Build | CancelBuild | LookAtBuild | ReadTags | Tag | AskApproval | CloseApproval | SetStatus | EnvironmentEffect
)
