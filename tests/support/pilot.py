"""Drives the domain alone: tells it events, and performs the effects it asks for in a small world of data.

No adapter and no store is involved; what is tried is `decide` over whole releases.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.domain.deciding.decide import decide
from shared.domain.drafts.decision import Decision, SaidOfCommit
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.policies.policy import (
    ApprovalRule,
    EnvironmentPolicy,
    GateRules,
    GitOpsTarget,
    ServicePolicy,
    Severity,
)
from shared.domain.state.authorship import who_answered
from shared.domain.state.build import BuildOutcome, BuildResult, ScanResult, TestCounts
from shared.domain.state.estate import Estate
from shared.domain.state.phases import Phase, PromotionKind
from shared.domain.state.promotion import Author, Authors, Facts, Looked, Presence, Promotion, Rendered
from shared.domain.state.release import Release, ServiceState
from shared.domain.values.artifact import Artifact
from shared.domain.values.errors import ReleaseNotLoaded
from shared.domain.values.names import Digest, ServiceKey
from shared.domain.values.person import Person
from shared.domain.values.records import replace
from shared.domain.values.version import Version
from tests.support.parts import PARTS, image_and_chart

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DELIVERY = ServiceKey("shipping", "delivery")
AUTHOR = Person(id="p-author", name="Ada Author", mails=("ada@example.com",))
MANAGER = Person(id="p-manager", name="Rita Manager", mails=("release-manager@example.com",))
SECOND = Person(id="p-second", name="Sam Second", mails=("sam@example.com",))
OPERATOR = Person(id="p-operator", name="Olga Operator", mails=("olga@example.com",))


def digest(text: str) -> Digest:
    """A digest that is told apart by its text."""
    return Digest("sha256:" + text.encode().hex().rjust(64, "0")[-64:])


def environment(name: str, **changes: Any) -> EnvironmentPolicy:
    """An environment with nothing special about it."""
    return replace(
        EnvironmentPolicy(name=name, namespace=f"backend-{name}", deploy=GitOpsTarget(repository="environments.git")),
        **changes,
    )


QA = environment("qa")
PRODUCTION = environment(
    "production",
    after=("qa",),
    registry_namespace="prod",
    approval=ApprovalRule(approvers=("release-manager@example.com", "group:release-managers")),
    gates=GateRules(scan=Severity.HIGH),
)


def policy(*environments: EnvironmentPolicy, **changes: Any) -> ServicePolicy:
    """A policy with qa and production, or with the given environments."""
    made = ServicePolicy(
        service=DELIVERY,
        path="src/shipping/delivery",
        chart="charts/delivery",
        registry="localhost:5000",
        parts=PARTS,
        environments=environments or (QA, PRODUCTION),
        digest="d" * 64,
        commit="c" * 40,
    )
    return replace(made, **changes)


def good_result(mark: str, **changes: Any) -> BuildResult:
    """What a build that went well reports."""
    made = BuildResult(
        outcome=BuildOutcome.SUCCEEDED,
        reason="",
        tests=TestCounts(passed=3, failed=0, skipped=0),
        scan=ScanResult(worst=Severity.LOW),
        parts=image_and_chart(digest(f"image {mark}"), digest(f"chart {mark}")),
    )
    return replace(made, **changes)


@dataclass
class World:
    """What the outside would say; tests change it."""

    tags: dict[str, Artifact] = field(default_factory=dict)
    build: Callable[[ef.Build], BuildResult] = lambda effect: good_result(str(effect.number))
    authors: tuple[Author, ...] = (Author(name="Ada Author", mail="ada@example.com"),)
    presence: Presence = Presence.HERE
    facts: dict[str, Any] = field(default_factory=dict)
    rendered: dict[str, Any] = field(default_factory=dict)
    unhealthy: set[int] = field(default_factory=set)
    broken: dict[str, dict[str, Any]] = field(default_factory=dict)


class Pilot:
    """One service's state, its open effects and what was decided so far."""

    def __init__(self, made: ServicePolicy | None = None, *, now: datetime = NOON) -> None:
        self.state = ServiceState(service=DELIVERY)
        self.archive: dict[str, Release] = {}
        self.estate, self.now, self.world = Estate(), now, World()
        self.open: list[ef.ServiceEffect] = []
        self.sent: list[ef.ServiceEffect] = []
        self.decisions: list[Decision] = []
        self.said: list[SaidOfCommit] = []
        self.told: list[ev.ServiceEvent] = []
        self._events = 0
        self.tell(ev.PolicyChanged(**self.ids(), policy=made or policy()))

    def ids(self) -> dict[str, Any]:
        """A fresh event id and the service."""
        self._events += 1
        return {"id": f"e{self._events}", "service": DELIVERY}

    def tell(self, event: ev.ServiceEvent) -> Decision:
        """Decide, loading ended releases as the store would; keep state and effects."""
        self.state = replace(self.state, ended={})
        self.told.append(event)
        while True:
            try:
                decision = decide(self.state, event, estate=self.estate, now=self.now, sequence=len(self.decisions) + 1)
                break
            except ReleaseNotLoaded as missing:
                found = self.archive.get(missing.version_key)
                self.state = replace(self.state, ended={**self.state.ended, missing.version_key: found})
        self.archive.update({key: one for key, one in decision.state.ended.items() if one is not None})
        self.state = decision.state
        self.open.extend(decision.effects)
        self.sent.extend(decision.effects)
        self.decisions.append(decision)
        self.said.extend(decision.statuses)
        return decision

    def pass_time(self, by: timedelta) -> Decision:
        """Let time go by and look again."""
        self.now += by
        return self.tell(ev.TimePassed(**self.ids()))

    def push(self, ref: str, commit: str = "b" * 40, by: Person | None = AUTHOR, **changes: Any) -> Decision:
        """A branch points at a commit."""
        return self.tell(ev.ChangeFound(**self.ids(), ref=ref, commit=commit, number=1, pushed_by=by, **changes))

    def push_release(self, version: str, commit: str = "b" * 40) -> Decision:
        """A release branch points at a commit."""
        return self.push(f"refs/heads/release/delivery/v{version}", commit)

    def answer(self, person: Person = MANAGER, *, approve: bool = True, **changes: Any) -> Decision:
        """A person answers the request that is open (or the named one)."""
        request = changes.pop("request", None) or self.request()
        fields = {"request": request, "groups": (), "comment": "", **self.looked_up(request, person), **changes}
        return self.tell(ev.ApprovalAnswered(**self.ids(), person=person, approve=approve, **fields))

    def looked_up(self, request: str, person: Person) -> dict[str, Any]:
        """What whoever may read the authors says of somebody who answers a request."""
        every = [one for release in self.state.releases.values() for one in release.promotions]
        facts = next((one.facts for one in every if one.approval and one.approval.id == request), None)
        return {"authors": facts.authors.evidence if facts else "", "wrote": self._wrote(person)}

    def _wrote(self, person: Person) -> bool:
        return not person.folded_mails().isdisjoint(one.mail.casefold() for one in self.world.authors)

    def authors(self) -> Authors:
        """What is read of the authors, with everybody looked up who has answered anything."""
        kept = [(release, one) for release in self.state.releases.values() for one in release.promotions]
        people = dict.fromkeys(person for release, one in kept for person in who_answered(release, one))
        unlinked = [one.name for one in self.world.authors if "@" not in one.mail]
        return Authors(
            evidence=hashlib.sha256(repr(self.world.authors).encode()).hexdigest(),
            count=len(self.world.authors),
            first=self.world.authors[:20],
            unknown=tuple(f"author {name}, who has no mail" for name in unlinked),
            looked=tuple(Looked(person=one, wrote=self._wrote(one)) for one in people),
        )

    def request(self) -> str:
        """The id of the newest open approval request."""
        waits = [one for release in self.state.releases.values() for one in release.promotions]
        open_ones = [one for one in waits if one.phase is Phase.WAITING and one.approval is not None]
        found = max(open_ones, key=lambda one: one.number).approval
        assert found is not None
        return found.id

    def perform(self, *kinds: type[ef.Effect], most: int = 500) -> Pilot:
        """Perform open effects (of the given types only) until none is left, reporting each."""
        for _ in range(most):
            found = next((one for one in self.open if not kinds or isinstance(one, kinds)), None)
            if found is None:
                return self
            self.open.remove(found)
            self._perform(found)
        raise AssertionError("effects without end")

    def perform_one(self, number: int) -> ef.ServiceEffect:
        """Perform the n-th open effect, so that effects overtake each other."""
        effect = self.open.pop(number % len(self.open))
        self._perform(effect)
        return effect

    def release_to(self, version: str, commit: str = "b" * 40, *, approve: bool = True) -> Pilot:
        """Push a release branch and drive it as far as it goes, approving production."""
        self.push_release(version, commit)
        self.perform()
        if approve:
            self.answer()
            self.perform()
        return self

    def release(self, version: str) -> Release:
        """A release, open or ended."""
        key = Version.parse(version).key()
        return self.state.releases.get(key) or self.archive[key]

    def promotion(self, version: str, environment: str) -> Promotion:
        """The newest promotion of a version in an environment."""
        found = self.release(version).latest(environment)
        assert found is not None
        return found

    def effects(self, kind: type[ef.Effect]) -> list[ef.Effect]:
        """Everything of one type that was ever asked for."""
        return [one for one in self.sent if isinstance(one, kind)]

    def _perform(self, effect: ef.ServiceEffect) -> None:
        said = {**self.ids(), "effect": effect.id}
        failing = self.world.broken.get(effect.subject.split(":")[1])
        if failing is not None and isinstance(effect, ef.Retag | ef.Deploy | ef.ObserveRollout):
            fault = {"reason": "broken", "ours": True, "changed": False, **failing}
            self.tell(ev.EffectFailed(**said, number=effect.number, attempt=effect.attempt, **fault))
            return
        match effect:
            case ef.ReadTags():
                found = self.world.tags.get(effect.version)
                parts = found.parts if found else ()
                self.tell(ev.TagsRead(**said, version=effect.version, parts=parts))
            case ef.Build():
                result = self.world.build(effect)
                self.tell(ev.BuildReported(**said, number=effect.number, attempt=effect.attempt, result=result))
            case ef.Tag():
                self.tell(ev.ArtifactTagged(**said, version=effect.version, attempt=effect.attempt))
            case ef.GatherFacts():
                facts, rendered = self.facts(), self.rendered(effect.number)
                self.tell(ev.FactsGathered(**said, number=effect.number, facts=facts, rendered=rendered))
            case ef.Retag():
                self.tell(ev.ArtifactRetagged(**said, number=effect.number, attempt=effect.attempt))
            case ef.Deploy():
                revision = f"r{effect.number}.{effect.attempt}"
                self.tell(ev.ArtifactDeployed(**said, number=effect.number, attempt=effect.attempt, revision=revision))
            case ef.ObserveRollout():
                healthy = effect.number not in self.world.unhealthy
                reason = "" if healthy else "0 of 1 replicas are ready"
                self.tell(
                    ev.RolloutObserved(
                        **said, number=effect.number, attempt=effect.attempt, healthy=healthy, reason=reason
                    )
                )
            case _:
                pass

    def facts(self, **changes: Any) -> Facts:
        """What gathering would read now."""
        goods = {one.promotion for environment in self.state.environments.values() for one in environment.good}
        made = Facts(
            at=self.now,
            authors=self.authors(),
            targets=tuple((number, self.world.presence) for number in sorted(goods)),
        )
        return replace(made, **{**self.world.facts, **changes})

    def rendered(self, number: int) -> Rendered | None:
        """What would be rendered for a promotion that goes forward."""
        found = [one for each in self.state.releases.values() for one in each.promotions if one.number == number]
        if not found or found[0].kind is not PromotionKind.FORWARD:
            return None
        return Rendered(**{"inputs": "i" * 64, "manifests": "m" * 64, **self.world.rendered})
