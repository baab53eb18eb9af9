"""Retry: resume at the step that failed, with the approval there is."""

from __future__ import annotations

import pytest

from shared.domain.drafts.decision import Outcome
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.state.build import BuildOutcome
from shared.domain.state.phases import Phase, ReleasePhase
from shared.domain.values.records import replace
from tests.support.pilot import PRODUCTION, QA, SECOND, Pilot, environment, good_result, policy
from tests.support.pilot_more import GROUP, HOUR, asked, change, codes, hold, promote, retry, roll_back

DEV = environment("dev")


def errored(pilot: Pilot, step: str = "retag", *, changed: bool = False) -> Pilot:
    """Approved, and then our own fault at a step."""
    pilot.world.broken[step] = {"changed": changed}
    pilot.answer()
    pilot.perform()
    pilot.world.broken.clear()
    return pilot


def waiting() -> Pilot:
    return Pilot().release_to("1.0.0", approve=False)


@pytest.mark.parametrize(
    ("step", "phase"), [("retag", Phase.RETAGGING), ("deploy", Phase.DEPLOYING), ("observe-rollout", Phase.VERIFYING)]
)
def test_a_retry_resumes_at_the_failed_step_with_the_approval_it_has(step: str, phase: Phase) -> None:
    """Nobody is asked again, and no step is done twice."""
    pilot = errored(waiting(), step, changed=step != "retag")
    assert pilot.release("1.0.0").phase is ReleasePhase.ERRORED
    done = len(pilot.effects(ef.Retag))

    decision = retry(pilot, "1.0.0")
    pilot.perform(ef.GatherFacts)
    resumed = pilot.promotion("1.0.0", "production")
    pilot.perform()

    assert decision.about == "2"
    assert (resumed.phase, resumed.attempt) == (phase, 2)
    assert pilot.release("1.0.0").phase is ReleasePhase.RELEASED
    assert len(asked(pilot.sent)) == 1
    assert len(pilot.effects(ef.Retag)) == done + (step == "retag")


def test_an_errored_promotion_is_retried_not_promoted() -> None:
    """And only what errored is retried."""
    pilot = errored(waiting())

    assert promote(pilot, "1.0.0").code == "errored"
    retry(pilot, "1.0.0")
    assert retry(pilot, "1.0.0").code == "not-errored"


def test_a_retry_waits_for_gates_like_any_other() -> None:
    """A hold that was set since stands in its way."""
    pilot = errored(waiting())
    hold(pilot)

    retry(pilot, "1.0.0")
    pilot.perform()

    assert codes(pilot, "1.0.0") == ["Held"]


def test_a_retry_goes_on_although_a_newer_version_waits() -> None:
    """What has started is not superseded."""
    pilot = errored(waiting())
    pilot.release_to("1.0.1", approve=False)

    retry(pilot, "1.0.0")
    pilot.perform()

    assert pilot.promotion("1.0.0", "production").phase is Phase.SUCCEEDED
    assert codes(pilot, "1.0.1") == ["ApprovalNeeded"]


def test_what_was_overtaken_is_not_resumed_but_promoted() -> None:
    """Its step means nothing any more, and its approval was for another situation."""
    pilot = errored(waiting())
    pilot.release_to("1.0.1")

    decision = retry(pilot, "1.0.0")
    assert (decision.code, decision.reason) == (
        "overtaken",
        "something else went live in production since; promote v1.0.0 there",
    )
    promote(pilot, "1.0.0")
    pilot.perform()

    assert codes(pilot, "1.0.0") == ["ApprovalNeeded"]


def test_what_is_overtaken_while_its_retry_waits_ends() -> None:
    """A newer version held the slot when it was asked for."""
    pilot = errored(waiting())
    pilot.release_to("1.0.1", approve=False)
    pilot.answer()
    pilot.perform(ef.GatherFacts)
    retry(pilot, "1.0.0")
    waits = codes(pilot, "1.0.0")
    pilot.perform()

    promotion = pilot.promotion("1.0.0", "production")
    assert waits == ["FactMissing", "SlotTaken"]
    assert (promotion.phase, promotion.reason) == (Phase.SUPERSEDED, "v1.0.1 went live in production meanwhile")


def test_a_rollback_ends_a_retry_that_waits() -> None:
    """It does not wait for the one that it undoes."""
    pilot = errored(Pilot().release_to("0.9.0").release_to("1.0.0", approve=False), "deploy", changed=True)
    hold(pilot)
    retry(pilot, "1.0.0")

    roll_back(pilot)
    pilot.perform()

    stopped, rollback = pilot.release("1.0.0").promotions[1:]
    assert (stopped.phase, stopped.reason) == (Phase.ABORTED, "rolled back by Olga Operator")
    assert rollback.phase is Phase.ROLLED_BACK
    assert pilot.state.environments["production"].unknown == ""


def test_a_retry_under_a_stricter_rule_asks_for_what_is_missing() -> None:
    """The approval it has is counted under the rule in force."""
    pilot = errored(waiting())
    assert PRODUCTION.approval is not None
    change(pilot, QA, replace(PRODUCTION, approval=replace(PRODUCTION.approval, minimum=2)))

    retry(pilot, "1.0.0")
    pilot.perform()

    assert codes(pilot, "1.0.0") == ["ApprovalNeeded"]
    assert pilot.promotion("1.0.0", "production").reason == "production waits for approval: 1 of 2 given"
    pilot.answer(SECOND, groups=(GROUP,))
    pilot.perform()
    assert pilot.promotion("1.0.0", "production").phase is Phase.SUCCEEDED


def test_a_retry_of_another_release_does_not_pass_an_unknown_live_version() -> None:
    """Only the one that left it so goes on."""
    pilot = errored(waiting())
    pilot.release_to("1.1.0", approve=False)
    errored(pilot, "deploy", changed=True)

    retry(pilot, "1.0.0")
    pilot.perform()
    before = codes(pilot, "1.0.0")
    retry(pilot, "1.1.0")
    pilot.perform()

    assert before == ["LiveUnknown", "SlotTaken"]
    assert pilot.promotion("1.1.0", "production").phase is Phase.SUCCEEDED


def test_what_an_attempt_touched_is_touched_still_when_its_retry_fails() -> None:
    """A retry that did nothing makes nothing known; the release's fault is rolled back."""
    pilot = Pilot().release_to("0.9.0").release_to("1.0.0", approve=False)
    errored(pilot, "deploy", changed=True)
    pilot.world.broken["deploy"] = {"changed": False}
    retry(pilot, "1.0.0")
    pilot.perform()
    environment = pilot.state.environments["production"]
    assert environment.unknown
    assert environment.slot is not None

    # The rollback is not broken.
    retry(pilot, "1.0.0")
    pilot.world.broken["deploy"] = {"changed": False, "ours": False}
    pilot.perform(ef.GatherFacts)
    pilot.perform_one(0)
    pilot.world.broken.clear()
    pilot.perform()

    assert [one.phase for one in pilot.release("1.0.0").promotions[1:]] == [Phase.FAILED, Phase.ROLLED_BACK]
    assert pilot.state.environments["production"].unknown == ""


def test_two_environments_that_errored_are_retried_together() -> None:
    """And what comes after them follows."""
    pilot = Pilot(policy(DEV, QA, replace(PRODUCTION, after=("dev", "qa"))))
    pilot.world.broken["deploy"] = {}
    pilot.release_to("1.0.0", approve=False)
    pilot.world.broken.clear()
    assert [one.phase for one in pilot.release("1.0.0").promotions] == [Phase.ERRORED, Phase.ERRORED, Phase.SKIPPED]

    decision = retry(pilot, "1.0.0")
    pilot.perform()

    assert decision.about == "1, 2"
    assert codes(pilot, "1.0.0") == ["ApprovalNeeded"]


def test_what_errored_in_an_environment_that_left_is_aborted_on_retry() -> None:
    """There is nowhere to go on."""
    pilot = errored(waiting())
    change(pilot, QA)

    retry(pilot, "1.0.0")

    assert pilot.promotion("1.0.0", "production").reason == "environment production left the configuration"


@pytest.mark.parametrize(
    ("outcome", "phase"),
    [(BuildOutcome.ERRORED, ReleasePhase.ERRORED), (BuildOutcome.FAILED, ReleasePhase.FAILED)],
)
def test_a_build_that_led_to_nothing_is_built_again(outcome: BuildOutcome, phase: ReleasePhase) -> None:
    """From the same commit, under a new number; until then the release keeps the one before."""
    pilot = Pilot()
    pilot.world.build = lambda build: good_result("1", outcome=outcome, reason="no disk")
    pilot.push_release("1.0.0")
    pilot.perform()
    release = pilot.release("1.0.0")
    assert (release.phase, release.built) == (phase, 1)
    assert release.result is not None
    assert release.result.outcome is outcome
    pilot.world.build = lambda build: good_result("1")

    decision = retry(pilot, "1.0.0")
    pilot.perform()

    assert decision.about == "b2"
    assert pilot.release("1.0.0").phase is ReleasePhase.PACKAGED


def test_a_registry_that_never_answered_is_asked_again() -> None:
    """The version is checked before it is built."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.open.clear()
    pilot.pass_time(2 * HOUR)
    assert pilot.release("1.0.0").phase is ReleasePhase.ERRORED

    decision = retry(pilot, "1.0.0")
    pilot.perform()

    assert decision.about == "tags 2"
    assert pilot.release("1.0.0").phase is ReleasePhase.PACKAGED


@pytest.mark.parametrize(
    ("version", "code"),
    [("1.0.0", "not-errored"), ("1.1.0", "not-errored"), ("8.0.0", "unknown-release"), ("x", "bad-version")],
)
def test_only_what_errored_is_retried(version: str, code: str) -> None:
    """A released version is done; nobody wanted an aborted one."""
    pilot = Pilot().release_to("1.0.0")
    pilot.push_release("1.1.0")
    pilot.tell(ev.BranchDeleted(**pilot.ids(), ref=pilot.release("1.1.0").ref, number=9))
    assert pilot.release("1.1.0").phase is ReleasePhase.ABORTED

    decision = retry(pilot, version)

    assert (decision.outcome, decision.code) == (Outcome.REFUSED, code)
