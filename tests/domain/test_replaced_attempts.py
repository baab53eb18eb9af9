"""Reports of attempts that were replaced, and reports that come twice: recorded only."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.drafts.decision import Decision, Outcome
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.state.phases import Phase
from tests.support.pilot import OPERATOR, Pilot

REPORTS: dict[type[ev.ServiceEvent], dict[str, Any]] = {
    ev.ArtifactRetagged: {},
    ev.ArtifactDeployed: {"revision": "r"},
    ev.RolloutObserved: {"healthy": True, "reason": ""},
    ev.EffectFailed: {"reason": "no", "ours": True, "changed": True},
}
KINDS = {ev.ArtifactRetagged: "retag", ev.ArtifactDeployed: "deploy", ev.RolloutObserved: "observe-rollout"}


def report(pilot: Pilot, kind: Any, number: int = 2, attempt: int = 1, effect: str = "", **changes: Any) -> Decision:
    name = f"shipping~delivery:{number}:{effect or KINDS.get(kind, 'retag')}:{attempt}"
    fields = {**REPORTS[kind], **changes}
    return pilot.tell(kind(**pilot.ids(), effect=name, number=number, attempt=attempt, **fields))


def in_production(*performed: type[ef.Effect]) -> Pilot:
    pilot = Pilot().release_to("1.0.0", approve=False)
    pilot.answer()
    return pilot.perform(ef.GatherFacts, *performed)


def retried() -> Pilot:
    pilot = in_production()
    report(pilot, ev.EffectFailed)
    pilot.tell(ev.RetryRequested(**pilot.ids(), version="1.0.0", person=OPERATOR))
    return pilot.perform(ef.GatherFacts)


@pytest.mark.parametrize("kind", [ev.ArtifactRetagged, ev.EffectFailed])
def test_a_report_of_the_attempt_before_a_retry_does_not_count(kind: Any) -> None:
    """Only the current attempt's does."""
    pilot = retried()
    assert pilot.promotion("1.0.0", "production").attempt == 2

    decision = report(pilot, kind, attempt=1)

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "replaced")
    assert "promotion 2 is Retagging at attempt 2" in decision.reason


@pytest.mark.parametrize("kind", REPORTS)
def test_a_report_of_a_promotion_that_has_ended_does_not_count(kind: Any) -> None:
    """The release is over and not even loaded for it."""
    decision = report(Pilot().release_to("1.0.0"), kind)

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "replaced")
    assert "promotion 2 is not under way" in decision.reason


@pytest.mark.parametrize(
    ("kind", "performed"),
    [
        (ev.ArtifactRetagged, (ef.Retag,)),
        (ev.ArtifactDeployed, (ef.Retag, ef.Deploy)),
        (ev.RolloutObserved, ()),
    ],
)
def test_only_the_first_result_of_an_attempt_counts(kind: Any, performed: tuple[type[ef.Effect], ...]) -> None:
    """A second one, or one out of turn, changes nothing."""
    pilot = in_production(*performed)
    before = pilot.state

    decision = report(pilot, kind)

    assert decision.outcome is Outcome.IGNORED
    assert decision.state is before or decision.state == before


def test_a_step_that_reports_twice_while_held_counts_once() -> None:
    """The copy was already known to be done."""
    pilot = in_production()
    report(pilot, ev.ArtifactRetagged)
    assert pilot.promotion("1.0.0", "production").phase is Phase.DEPLOYING

    assert report(pilot, ev.ArtifactRetagged).code == "replaced"


def test_a_failure_of_a_step_that_is_over_does_not_count() -> None:
    """A second delivery of the deployment fails after the first one had reported."""
    pilot = in_production(ef.Retag, ef.Deploy)

    decision = report(pilot, ev.EffectFailed, effect="deploy")

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "replaced")
    assert pilot.promotion("1.0.0", "production").phase is Phase.VERIFYING


def test_a_late_report_still_says_that_the_attempt_writes_no_more() -> None:
    """The fence falls; nothing else changes."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0", approve=False)
    pilot.answer()
    pilot.perform(ef.GatherFacts, ef.Retag)
    pilot.tell(ev.AbortRequested(**pilot.ids(), version="1.1.0", person=OPERATOR))

    decision = report(pilot, ev.EffectFailed, number=4, effect="deploy")

    assert decision.outcome is not Outcome.IGNORED
    assert decision.notes[0] == "production #4 failed (no) after it had ended; it writes no more"
    aborted = next(one for one in pilot.release("1.1.0").promotions if one.number == 4)
    assert (aborted.phase, aborted.writing_until) == (Phase.ABORTED, None)
