"""The records that are read. Their field names are a contract with those who call the API."""

from __future__ import annotations

from shared.app.views.build import BuildView
from shared.app.views.view import View
from shared.domain.state.phases import Phase, PromotionKind, ReleasePhase
from shared.domain.values.artifact import PartKind
from shared.domain.values.records import Time


class PersonView(View):
    """Somebody, without more than others need to know."""

    id: str
    name: str


class AuthorsView(View):
    """Who wrote what is brought, since what is live: a list under its hash, its length, and the first names of it.

    `unknown` says in words who had a hand in it and is not known; `unanswered` whom no operator answered for yet.
    """

    evidence: str
    count: int
    first: tuple[str, ...]
    unknown: tuple[str, ...]
    unanswered: tuple[str, ...]


class OverrideView(View):
    """A gate that a person let the release past; past `authors`, whom they answered for, and who that is."""

    environment: str
    gate: str
    person: PersonView
    reason: str
    at: Time
    unknown: tuple[str, ...]
    authors: tuple[str, ...]
    used_by: int | None


class PartView(View):
    """A part of an artifact by its name in the registry (`localhost:5000/delivery:v1.0.2`), and its digest."""

    kind: PartKind
    name: str
    digest: str


class ArtifactView(View):
    """Where all parts lie, and their digests; `image` is the service's own, `chart` null where there is none."""

    image: str
    image_digest: str
    chart: str | None
    chart_digest: str | None
    parts: tuple[PartView, ...]
    commit: str


class LiveView(View):
    """A version that succeeded in an environment, by which promotion and when; the artifact as it is read there (`prod/…`)."""

    version: str
    since: Time
    promotion: int
    artifact: ArtifactView


class VoteView(View):
    """One person's yes."""

    person: PersonView
    at: Time
    comment: str


class ApprovalView(View):
    """A numbered request. `objection` says why the person who reads may not approve, `may_reject` whether they may say no."""

    request: str
    asked: Time
    granted: Time | None
    round: int
    minimum: int
    who: str
    comment: bool
    votes: tuple[VoteView, ...]
    open: bool
    objection: str | None
    may_reject: bool


class FindingView(View):
    """One thing that does not comply: the object as `Kind/name`, the field in it, the problem in words."""

    object: str
    field: str
    problem: str


class RenderedView(View):
    """What would be deployed, or was: the digests of the list of its inputs and of the manifests, empty where there are none.

    `findings` say in what the manifests do not comply, `changed` in what the inputs differ from those that were read before.
    `not_undone` names hooks and definitions of kinds, which a rollback leaves as they are.
    """

    inputs: str
    manifests: str
    findings: tuple[FindingView, ...]
    changed: str
    not_undone: tuple[str, ...]


class BlockerView(View):
    """One thing that a promotion waits for; `code` is for programs, `who` can act, `until` where time will do."""

    environment: str
    gate: str
    code: str
    reason: str
    since: Time
    who: tuple[str, ...]
    until: Time | None
    waiting: bool


class PromotionView(View):
    """One attempt. `blockers` are what it waits for; `target` is the version that it brings where that is another one.

    `evidence` is where can be read what the environment showed when the rollout failed, empty where nothing was kept.
    `restart`: its pods are started anew, `unchanged`: nothing had to be written, what it brought was there.
    `restored_milliseconds` is how long a rollback took, from when the failure was seen until the old version was ready.
    `older` says that it would bring an older version than the live one, empty where it would not or has ended.
    `objections` are what the environment would say to what would be deployed, `drift` what others changed and is taken back.
    """

    environment: str
    number: int
    kind: PromotionKind
    phase: Phase
    reason: str
    since: Time
    created: Time
    cause: str
    requested_by: PersonView | None
    attempt: int
    deadline: Time | None
    paused_since: Time | None
    target: str | None
    undoes: int | None
    older: str
    revision: str
    evidence: str
    restart: bool
    unchanged: bool
    restored_milliseconds: int | None
    authors: AuthorsView | None
    rendered: RenderedView | None
    objections: tuple[FindingView, ...]
    drift: tuple[FindingView, ...]
    approval: ApprovalView | None
    blockers: tuple[BlockerView, ...]


class ReleaseView(View):
    """A release with all that is known of it. `unnamed` are commits of its branch that nobody is known to have pushed."""

    repository: str
    service: str
    version: str
    phase: ReleasePhase
    reason: str
    since: Time
    created: Time
    commit: str
    ref: str
    pushed_by: PersonView | None
    pushers: tuple[PersonView, ...]
    unnamed: tuple[str, ...]
    quarantine: str
    artifact: ArtifactView | None
    promotions: tuple[PromotionView, ...]
    blockers: tuple[BlockerView, ...]
    overrides: tuple[OverrideView, ...]
    build: BuildView | None
