"""The records that are read. Their field names are a contract with those who call the API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.app.views.people import AuthorsView, OverrideView, PersonView
from shared.domain.build import BuildOutcome, Step
from shared.domain.gates import Blocker
from shared.domain.manifests import Finding
from shared.domain.phases import Phase, PromotionKind, ReleasePhase
from shared.domain.policy import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactView:
    """Where image and chart lie, and their digests."""

    image: str
    image_digest: str
    chart: str
    chart_digest: str
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveView:
    """A version that succeeded in an environment, by which promotion and when; the artifact as it is read there (`prod/…`)."""

    version: str
    since: datetime
    promotion: int
    artifact: ArtifactView


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteView:
    """One person's yes."""

    person: PersonView
    at: datetime
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalView:
    """A numbered request. `objection` says why the person who reads may not approve, `may_reject` whether they may say no."""

    request: str
    asked: datetime
    granted: datetime | None
    round: int
    minimum: int
    who: str
    comment: bool
    votes: tuple[VoteView, ...]
    open: bool
    objection: str | None
    may_reject: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedView:
    """What would be deployed, or was: the digests of the list of its inputs and of the manifests, empty where there are none.

    `findings` say in what the manifests do not comply, `changed` in what the inputs differ from those that were read before.
    """

    inputs: str
    manifests: str
    findings: tuple[Finding, ...]
    changed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionView:
    """One attempt. `blockers` are what it waits for; `target` is the version that it brings where that is another one.

    `older` says that it would bring an older version than the live one, empty where it would not or has ended.
    """

    environment: str
    number: int
    kind: PromotionKind
    phase: Phase
    reason: str
    since: datetime
    created: datetime
    cause: str
    requested_by: PersonView | None
    attempt: int
    deadline: datetime | None
    paused_since: datetime | None
    target: str | None
    undoes: int | None
    older: str
    revision: str
    authors: AuthorsView | None
    rendered: RenderedView | None
    approval: ApprovalView | None
    blockers: tuple[Blocker, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildStepView:
    """One step of a build; `output` is where it can be read, empty where nothing was kept."""

    step: Step
    outcome: BuildOutcome
    reason: str
    milliseconds: int
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestsView:
    """Counted unit tests."""

    __test__ = False

    passed: int
    failed: int
    skipped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanView:
    """The worst severity that was found, None where it is unknown, with the reason; `by_change`: its own tests wrote it."""

    worst: Severity | None
    reason: str
    by_change: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldBlockView:
    """Why an environment's gates would keep the change out as it is."""

    environment: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildView:
    """The build that runs (`deadline` is set), or the result of the one that ended; `url` is where all of it is read."""

    number: int
    attempt: int | None
    url: str
    outcome: BuildOutcome | Literal["running"]
    reason: str
    since: datetime | None
    deadline: datetime | None
    tests: TestsView | None
    scan: ScanView | None
    steps: tuple[BuildStepView, ...]
    would_block: tuple[WouldBlockView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseView:
    """A release with all that is known of it. `unnamed` are commits of its branch that nobody is known to have pushed."""

    repository: str
    service: str
    version: str
    phase: ReleasePhase
    reason: str
    since: datetime
    created: datetime
    commit: str
    ref: str
    pushed_by: PersonView | None
    pushers: tuple[PersonView, ...]
    unnamed: tuple[str, ...]
    quarantine: str
    artifact: ArtifactView | None
    promotions: tuple[PromotionView, ...]
    blockers: tuple[Blocker, ...]
    overrides: tuple[OverrideView, ...]
    build: BuildView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WayView:
    """A promotion that is on its way into an environment, with its version."""

    version: str
    promotion: PromotionView


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentView:
    """An environment of a service: what is live, what was good before, what is on its way.

    `configured` is False where it left the configuration; `slot` is the number of the promotion that deploys now.
    """

    environment: str
    configured: bool
    after: tuple[str, ...]
    live: LiveView | None
    earlier: tuple[LiveView, ...]
    unknown: str
    slot: int | None
    on_the_way: tuple[WayView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldView:
    """A hold by people, or on an artifact after a rollback (then `person` is None and `version` is set)."""

    id: str
    scope: str
    reason: str
    person: PersonView | None
    since: datetime
    until: datetime | None
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationView:
    """A branch that is being validated: the builds that run, and the push that waits for them."""

    ref: str
    pull_request: str
    running: tuple[BuildView, ...]
    waiting: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceView:
    """A service as it stands. `sequence` grows with each of its decisions."""

    repository: str
    service: str
    configured: bool
    sequence: int
    environments: tuple[EnvironmentView, ...]
    releases: tuple[ReleaseView, ...]
    validations: tuple[ValidationView, ...]
    holds: tuple[HoldView, ...]
