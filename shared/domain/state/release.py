"""A release: one version's journey for one service; and what a partition holds beside releases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import field

from shared.domain.policies.policy import ServicePolicy
from shared.domain.state.adoptable import Adoptable
from shared.domain.state.build import NO_HANDLE, BuildHandle, BuildResult, BuildRun, ReportedBuild
from shared.domain.state.phases import ReleasePhase
from shared.domain.state.promotion import Deployed, Promotion
from shared.domain.values.artifact import Artifact, ArtifactPart
from shared.domain.values.names import ServiceKey
from shared.domain.values.person import Person
from shared.domain.values.records import Record, Time, replace
from shared.domain.values.version import Version

# A row has room for so many commits whose pusher is not known; of what comes after it is known that there was more.
_MOST_UNNAMED, MORE_PUSHES = 50, "more"


class Override(Record):
    """A named person lets this release past one gate in one environment; used once, by promotion `used_by`.

    `holds` is when the holds were set that the person looked at; without it, those that were set until then. Past the
    gate `authors`, `unknown` are the texts that the person answered for, and `authors` who that is, by mail, name or
    id; nobody means none of the approvers.
    """

    environment: str
    gate: str
    person: Person
    reason: str
    at: Time
    holds: tuple[Time, ...] | None = None
    unknown: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    used_by: int | None = None

    def counts(self, environment: str, gate: str, promotion: int) -> bool:
        """Whether it is for this gate there, and not used up by another promotion."""
        return (self.environment, self.gate) == (environment, gate) and self.used_by in (None, promotion)

    def saw(self, since: datetime) -> bool:
        """Whether the person looked at the hold that was set then. Clocks do not tell: they are set, and differ."""
        return since <= self.at if self.holds is None else since in self.holds


class Push(Record):
    """A commit that was pushed, by whom, as the n-th change of its branch."""

    commit: str
    number: int
    pushed_by: Person | None


class Tagging(Record):
    """The digests of a version are recorded, and its tags are not known to stand."""

    since: Time
    deadline: Time


class Release(Record):
    """One version for one service. `next_push` waits for the registry's word on whether the version exists.

    `correlation` is that of the push that began it, and leads to all that was done for it. `pushers` are all who are known to have pushed its branch, `pushed_by` the last; `unnamed` are commits that nobody was named for, and GONE for a deletion that nobody told of.
    `result` is that of build `built`, which ran as `handle`; `early` are images that the registry announced before a build's result. `tagging` stays where that came to nothing, `tags_put` counts how often it was asked for. `lost` is what the registry lost before all of it was tagged.
    """

    version: Version
    ref: str
    commit: str
    phase: ReleasePhase
    reason: str
    since: Time
    created: Time
    correlation: str = ""
    pushed_by: Person | None = None
    pushers: tuple[Person, ...] = ()
    unnamed: tuple[str, ...] = ()
    build: BuildRun | None = None
    result: BuildResult | None = None
    built: int = 0
    handle: BuildHandle = NO_HANDLE
    artifact: Artifact | None = None
    tagging: Tagging | None = None
    lost: Artifact | None = None
    next_push: Push | None = None
    early: tuple[ArtifactPart, ...] = ()
    tags_asked: int = 0
    tags_put: int = 0
    quarantine: str = ""
    branch_deleted: bool = False
    overrides: tuple[Override, ...] = ()
    promotions: tuple[Promotion, ...] = ()

    def with_pusher(self, person: Person | None, commit: str, *, again: bool = False) -> Release:
        """Return the release with one more who pushed its branch, known or not: what they pushed may be in what is released.

        Whoever is named for a commit takes the place of the unknown one, unless theirs is another push of it (`again`).
        """
        if person is None:
            kept = commit if len(self.unnamed) < _MOST_UNNAMED else MORE_PUSHES
            return replace(self, unnamed=tuple(dict.fromkeys((*self.unnamed, kept))))
        known = dict.fromkeys((*self.pushers, *((self.pushed_by,) if self.pushed_by else ()), person))
        unnamed = tuple(one for one in self.unnamed if again or one != commit)
        return replace(self, pushers=tuple(known), unnamed=unnamed)

    @property
    def packaged(self) -> bool:
        """Whether it has an artifact whose tags stand, so that it can be promoted."""
        return self.artifact is not None and self.tagging is None

    def latest(self, environment: str) -> Promotion | None:
        """Return the newest promotion of this release in an environment."""
        return next((one for one in reversed(self.promotions) if one.environment == environment), None)


class Slot(Record):
    """Who deploys to the environment now."""

    version: str
    promotion: int
    since: Time


class ClosedRequest(Record):
    """An approval request that is not open any more, and the reason to tell whoever still answers it."""

    id: str
    reason: str


class EnvironmentState(Record):
    """What is live, what was good before (newest first, the live one included), and who has the slot.

    `unknown` says why what is live is not known; live is then the last that was, and who left it so keeps the slot.
    `adopted` is the change by hand (see Facts.foreign) that a person took responsibility for. `closed` are the last
    approval requests that were open here, newest first. `broken_since` is when a deployment failed after it had begun
    to write, until something succeeds there. `taken` is what a person adopted that is no version: what a first deployment
    that fails goes back to.
    """

    name: str
    live: Deployed | None = None
    good: tuple[Deployed, ...] = ()
    slot: Slot | None = None
    unknown: str = ""
    adopted: str = ""
    closed: tuple[ClosedRequest, ...] = ()
    broken_since: Time | None = None
    taken: Adoptable | None = None


class Validation(Record):
    """Builds of a branch that is not a release: those running, and the newest push that waits for them."""

    ref: str
    pull_request: str = ""
    running: tuple[BuildRun, ...] = ()
    waiting: Push | None = None


class ArtifactHold(Record):
    """After a rollback: this artifact is not promoted again until a person lifts the hold."""

    id: str
    artifact: str
    version: str
    reason: str
    since: Time


class Numbers(Record):
    """The last numbers given out in a service; `turn` counts the slots that were taken."""

    promotion: int = 0
    build: int = 0
    turn: int = 0


class ServiceState(Record):
    """A service's partition, decoded: what one decision sees and changes.

    `releases` are the open ones by version key; `ended` those that were loaded on demand (None: there is none).
    `builds` are those that ended by this decision, by number: they are written, and never loaded for another.
    """

    service: ServiceKey
    policy: ServicePolicy | None = None
    numbers: Numbers = Numbers()
    environments: Mapping[str, EnvironmentState] = field(default_factory=dict)
    releases: Mapping[str, Release] = field(default_factory=dict)
    validations: Mapping[str, Validation] = field(default_factory=dict)
    holds: tuple[ArtifactHold, ...] = ()
    ended: Mapping[str, Release | None] = field(default_factory=dict)
    builds: Mapping[int, ReportedBuild] = field(default_factory=dict)

    def builds_under_way(self) -> Iterator[tuple[BuildRun, Release | Validation]]:
        """Yield every build that is waited for, with what it is of."""
        for release in self.releases.values():
            if release.build is not None:
                yield release.build, release
        for validation in self.validations.values():
            for run in validation.running:
                yield run, validation
