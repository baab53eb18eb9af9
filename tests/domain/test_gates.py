"""Each gate alone: when it passes, when it does not, why, and who can act."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.charts.manifests import Finding
from shared.domain.drafts.draft import Draft
from shared.domain.gating import gate_rules, gates
from shared.domain.gating.gate import GateQuestion, Result, Status
from shared.domain.gating.gates import OVERRIDABLE, Gate
from shared.domain.policies.policy import GateRules, Severity, Verdict
from shared.domain.state.build import BuildResult, ScanResult, TestCounts
from shared.domain.state.estate import Estate, Hold
from shared.domain.state.phases import PromotionKind
from shared.domain.state.promotion import Presence, Rendered
from shared.domain.state.release import ArtifactHold, Override, Slot
from shared.domain.values.records import replace
from shared.domain.values.version import Version
from tests.support.pilot import NOON, OPERATOR, PRODUCTION, Pilot, good_result
from tests.support.pilot_more import DAY, HOUR, a_hold


def a_question(
    *,
    gate: GateRules | None = None,
    release: dict[str, Any] | None = None,
    promotion: dict[str, Any] | None = None,
    environment: dict[str, Any] | None = None,
    estate: Estate | None = None,
) -> GateQuestion:
    """May v1.1.0 go to production, where v1.0.0 is live? Everything passes but the approval."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0", approve=False)
    asked = replace(pilot.promotion("1.1.0", "production"), **promotion or {})
    about = replace(pilot.release("1.1.0"), **release or {})
    draft = Draft(pilot.state, estate or Estate(), NOON)
    return GateQuestion(
        draft=draft,
        policy=replace(PRODUCTION, gates=gate or PRODUCTION.gates),
        environment=replace(draft.environment("production"), **environment or {}),
        release=about,
        promotion=asked,
    )


def result(**changes: Any) -> dict[str, BuildResult]:
    return {"result": good_result("2", **changes)}


def is_passed(found: Result) -> bool:
    return found.status is Status.PASSED


def test_with_everything_well_only_the_approval_is_waited_for() -> None:
    """Every other gate of a forward promotion passes."""
    found = gates.evaluate(a_question())

    assert [gate for gate, one in found.items() if not is_passed(one)] == [Gate.APPROVAL]
    assert len(found) == len(Gate) - 1


def test_a_quarantined_release_is_blocked_for_good() -> None:
    """No override helps; a higher version does."""
    found = gate_rules.quarantine(a_question(release={"quarantine": "the image tag names another"}))

    assert (found.status, found.code) == (Status.BLOCKED, "Quarantined")
    assert found.reason == "the image tag names another; release a higher version"
    assert Gate.QUARANTINE not in OVERRIDABLE


@pytest.mark.parametrize(
    ("tests", "code"),
    [
        (None, "TestsMissing"),
        (TestCounts(passed=0, failed=0, skipped=9), "TestsMissing"),
        (TestCounts(passed=9, failed=1, skipped=0), "TestsFailed"),
        (TestCounts(passed=0, failed=1, skipped=0), "TestsFailed"),
        (TestCounts(passed=1, failed=0, skipped=3), ""),
    ],
)
def test_unit_tests_ran_and_passed(tests: TestCounts | None, code: str) -> None:
    """No test is not the same as no failed test."""
    assert gate_rules.tests(a_question(release=result(tests=tests))).code == code


def test_a_release_without_a_result_has_no_tests_and_no_scan() -> None:
    """What was never reported is not good."""
    question = a_question(release={"result": None}, gate=GateRules(unknown_scan=Verdict.BLOCK))

    assert gate_rules.tests(question).code == "TestsMissing"
    assert gate_rules.scan(question).reason.endswith("the build reported no scan")


@pytest.mark.parametrize("worst", list(Severity))
@pytest.mark.parametrize("limit", list(Severity))
def test_a_scan_passes_up_to_the_limit(worst: Severity, limit: Severity) -> None:
    """The limit itself is allowed."""
    found = gate_rules.scan(a_question(gate=GateRules(scan=limit), release=result(scan=ScanResult(worst=worst))))

    order = ["none", "low", "medium", "high", "critical"]
    assert is_passed(found) is (order.index(worst) <= order.index(limit))
    assert is_passed(found) or found.code == "ScanAbove"


@pytest.mark.parametrize("scan", [None, ScanResult(worst=None, reason="no scanner")])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_no_report_is_unknown_and_never_clean(scan: ScanResult | None, verdict: Verdict) -> None:
    """Whether an unknown scan is allowed is the environment's choice."""
    found = gate_rules.scan(a_question(gate=GateRules(unknown_scan=verdict), release=result(scan=scan)))

    assert is_passed(found) is (verdict is Verdict.ALLOW)
    assert is_passed(found) or (found.code == "ScanUnknown" and found.reason)


@pytest.mark.parametrize(("own_scan", "code"), [(False, "ScanUnknown"), (True, "ScanAbove")])
def test_attack_a_change_brings_its_own_scan(own_scan: bool, code: str) -> None:
    """What the change's own tests wrote is unknown, whatever it says, unless the environment lets it count."""
    policy = GateRules(scan=Severity.LOW, unknown_scan=Verdict.BLOCK, own_scan=own_scan)
    wrote = {worst: result(scan=ScanResult(worst=worst, by_change=True)) for worst in (Severity.NONE, Severity.HIGH)}

    clean, bad = (gate_rules.scan(a_question(gate=policy, release=wrote[one])) for one in wrote)

    assert is_passed(clean) is own_scan
    assert bad.code == code
    assert own_scan or "the change's own tests wrote the report (none)" in clean.reason


@pytest.mark.parametrize(
    ("presence", "passes"), [(Presence.HERE, True), (Presence.COPYABLE, True), (Presence.GONE, False)]
)
def test_going_forward_needs_a_way_back(presence: Presence, passes: bool) -> None:
    """What is live can be had again, if only as a copy."""
    question = a_question()
    assert question.promotion.facts is not None
    read = replace(question.promotion.facts, targets=((2, presence),))

    found = gate_rules.rollback_target(question._replace(promotion=replace(question.promotion, facts=read)))

    assert is_passed(found) is passes
    assert passes or found.code == "NoWayBack"


def test_the_first_version_needs_no_way_back() -> None:
    """There is nothing to go back to."""
    assert is_passed(gate_rules.rollback_target(a_question(environment={"live": None})))
    assert is_passed(gate_rules.older_than_live(a_question(environment={"live": None}, gate=_BLOCK_OLDER)))


_BLOCK_OLDER = GateRules(older_than_live=Verdict.BLOCK)


@pytest.mark.parametrize(("live", "passes"), [("1.0.9", True), ("1.1.0", True), ("1.1.1", False), ("1.10.0", False)])
def test_where_it_is_asked_for_nothing_older_than_what_is_live_goes_forward(live: str, passes: bool) -> None:
    """Versions are compared as SemVer orders them."""
    question = a_question(gate=_BLOCK_OLDER)
    assert question.environment.live is not None
    artifact = question.environment.live.artifact
    other = replace(artifact, version=Version(live))
    environment = replace(question.environment, live=replace(question.environment.live, artifact=other))
    question = question._replace(environment=environment)

    assert is_passed(gate_rules.older_than_live(question)) is passes
    assert is_passed(gate_rules.older_than_live(question._replace(policy=replace(PRODUCTION, gates=GateRules()))))


def test_manifests_that_do_not_comply_name_object_and_field() -> None:
    """And how many more there are."""
    findings = (Finding("Deployment/delivery", "spec.x", "runs as root"), Finding("Pod/a", "b", "c"))
    question = a_question()

    def asked(*found: Finding, gate: GateRules = PRODUCTION.gates) -> Result:
        rendered = Rendered(inputs="i" * 64, manifests="m" * 64, findings=found)
        promotion = replace(question.promotion, rendered=rendered)
        return gate_rules.manifests(question._replace(promotion=promotion, policy=replace(PRODUCTION, gates=gate)))

    assert asked(*findings).reason == "Deployment/delivery: spec.x: runs as root (and 1 more)"
    assert asked(findings[0]).reason == "Deployment/delivery: spec.x: runs as root"
    assert is_passed(asked(*findings, gate=GateRules(comply=Verdict.ALLOW)))
    assert is_passed(asked())
    assert is_passed(gate_rules.manifests(a_question(promotion={"facts": None})))


def test_without_facts_only_reading_them_is_waited_for_beside_the_approval() -> None:
    """Rules never fetch, and never guess."""
    found = gates.evaluate(a_question(promotion={"facts": None}))

    assert [gate for gate, one in found.items() if not is_passed(one)] == [Gate.FACTS, Gate.APPROVAL]


@pytest.mark.parametrize("adopted", [False, True])
def test_a_change_by_hand_stands_in_the_way_until_somebody_adopts_it(adopted: bool) -> None:
    """Another change by hand is another matter."""
    question = a_question(environment={"adopted": "kubectl edit" if adopted else "an earlier one"})
    assert question.promotion.facts is not None
    promotion = replace(question.promotion, facts=replace(question.promotion.facts, foreign="kubectl edit"))

    found = gate_rules.live_known(question._replace(promotion=promotion))

    assert is_passed(found) is adopted
    assert adopted or "adopt it, or roll back" in found.reason


@pytest.mark.parametrize(("holder", "passes"), [(4, True), (2, False), (None, False)])
def test_only_the_retry_of_what_left_live_unknown_goes_on(holder: int | None, passes: bool) -> None:
    """Another release's retry does not."""
    slot = Slot(version="1.1.0", promotion=holder, since=NOON) if holder else None
    question = a_question(environment={"unknown": "it errored", "slot": slot})
    assert question.promotion.number == 4

    assert is_passed(gate_rules.live_known(question)) is passes


@pytest.mark.parametrize("gate", sorted(OVERRIDABLE - {Gate.AUTHORS}))
def test_an_override_lets_one_release_past_one_gate_in_one_environment(gate: Gate) -> None:
    """Once: a promotion that used it keeps it, another does not get it."""

    def asked(**changes: Any) -> Status:
        given = Override(environment="production", gate=gate, person=OPERATOR, reason="now", at=NOON)
        question = a_question(release={"overrides": (replace(given, **changes),)})
        failing = Result(status=Status.BLOCKED, reason="no")
        return gates._overridden(question, gate, failing).status

    assert asked() is Status.PASSED
    assert asked(used_by=4) is Status.PASSED
    assert asked(used_by=2) is Status.BLOCKED
    assert asked(environment="qa") is Status.BLOCKED
    assert asked(gate=Gate.TESTS if gate is not Gate.TESTS else Gate.SCAN) is Status.BLOCKED


@pytest.mark.parametrize("gate", sorted(set(Gate) - OVERRIDABLE))
def test_approval_slot_and_facts_cannot_be_overridden(gate: Gate) -> None:
    """Not even where an override of them is on record."""
    given = Override(environment="production", gate=gate, person=OPERATOR, reason="now", at=NOON)
    question = a_question(release={"overrides": (given,)})

    assert gates._overridden(question, gate, Result(status=Status.WAITING)).status is Status.WAITING


@pytest.mark.parametrize("later", [False, True])
def test_an_override_of_holds_passes_none_that_was_set_after_it(later: bool) -> None:
    """Stopping the line stops also what was let past an earlier hold."""
    given = Override(environment="production", gate="hold", person=OPERATOR, reason="now", at=NOON - HOUR)
    holds: tuple[Hold, ...] = (
        a_hold("environment:production", since=NOON - DAY, id="a"),
        a_hold(since=NOON - DAY / 2, id="b"),
    )
    if later:
        holds = (*holds, a_hold(since=NOON, id="c"))

    found = gates.evaluate(a_question(release={"overrides": (given,)}, estate=Estate(holds=holds)))

    assert is_passed(found[Gate.HOLD]) is not later


@pytest.mark.parametrize("own_first", [True, False])
def test_of_several_holds_the_one_that_was_set_last_is_shown(own_first: bool) -> None:
    """The hold after a rollback and people's holds alike."""
    question = a_question(estate=Estate(holds=(a_hold(since=NOON - HOUR),)))
    assert question.release.artifact is not None
    at = NOON - DAY if own_first else NOON
    own = ArtifactHold(id="x", artifact=question.release.artifact.id, version="1.1.0", reason="it failed", since=at)
    question.draft.holds = (own,)

    found = gate_rules.hold(question)

    assert found.status is (Status.WAITING if own_first else Status.BLOCKED)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (PromotionKind.REDEPLOY, ["hold", "live-known", "facts", "freeze", "fence", "slot"]),
        (PromotionKind.ROLLBACK, ["facts", "fence", "slot"]),
    ],
)
def test_going_back_passes_fewer_gates(kind: PromotionKind, expected: list[str]) -> None:
    """No hold, freeze or queue stops a rollback; a redeploy asks nobody."""
    found = gates.evaluate(a_question(promotion={"kind": kind}))

    assert [*found] == [*expected, "fresh"]


@pytest.mark.parametrize(("age", "fresh"), [(HOUR, True), (HOUR * 1.01, False)])
def test_what_is_acted_on_was_read_within_the_hour(age: Any, fresh: bool) -> None:
    """Facts may have been read long before the approval came."""
    question = a_question(promotion={"kind": PromotionKind.REDEPLOY})
    assert question.promotion.facts is not None
    read = replace(question.promotion.facts, at=NOON - age)

    found = gates.evaluate(question._replace(promotion=replace(question.promotion, facts=read)))

    assert is_passed(found[Gate.FRESH]) is fresh
