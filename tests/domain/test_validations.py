"""Builds of changes that are no releases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.drafts.decision import Decision, Outcome
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.policies.policy import TriggerPolicy
from shared.domain.state.build import BuildOutcome, WouldBlock
from shared.domain.values.records import replace
from tests.support.pilot import Pilot, good_result, policy

FEATURE = "refs/heads/feature/delivery/x"
UNBATCHED = policy(triggers=TriggerPolicy(batch=False))


def statuses(pilot: Pilot) -> list[tuple[str, str, str]]:
    return [(one.commit, one.state, one.description) for one in pilot.said]


def report(pilot: Pilot, number: int, outcome: BuildOutcome = BuildOutcome.SUCCEEDED, reason: str = "") -> Decision:
    result = good_result("x", outcome=outcome, reason=reason)
    return pilot.tell(ev.BuildReported(**pilot.ids(), effect="x", number=number, attempt=1, result=result))


def test_a_pushed_branch_is_built_once() -> None:
    """One build runs, and its commit says so."""
    pilot = Pilot()

    pilot.push(FEATURE, "a" * 40)

    assert [one.subject for one in pilot.effects(ef.Build)] == ["b1:build:1"]
    assert statuses(pilot) == [("a" * 40, "pending", "build 1 runs")]


def test_a_validation_that_succeeded_is_shown_on_its_commit_and_gone() -> None:
    """With how many tests passed."""
    pilot = Pilot()
    pilot.push(FEATURE, "a" * 40)

    pilot.perform()

    assert pilot.state.validations == {}
    assert statuses(pilot)[-1] == ("a" * 40, "succeeded", "build 1 succeeded, 3 tests passed")


def test_a_commit_is_told_which_environments_would_keep_it_out() -> None:
    """The validation succeeds all the same: the gate judges it later."""
    pilot = Pilot()
    pilot.push(FEATURE, "a" * 40)
    blocked = tuple(WouldBlock(environment=name, reason="Job/x: has no digest") for name in ("qa", "production"))

    result = good_result("x", would_block=blocked)
    pilot.tell(ev.BuildReported(**pilot.ids(), effect="x", number=1, attempt=1, result=result))

    said = "build 1 succeeded, 3 tests passed; qa would block, and so would 1 other environment: Job/x: has no digest"
    assert statuses(pilot)[-1] == ("a" * 40, "succeeded", said)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (BuildOutcome.FAILED, "failed"),
        (BuildOutcome.ERRORED, "error"),
        (BuildOutcome.CANCELLED, "error"),
    ],
)
def test_a_failed_validation_says_whose_fault_it_is(outcome: BuildOutcome, state: str) -> None:
    """The change's fault is a failure, the platform's an error; the reason is the build's, whose number leads to more."""
    pilot = Pilot()
    pilot.push(FEATURE, "a" * 40)

    report(pilot, 1, outcome, "test_weight failed")

    assert statuses(pilot)[-1] == ("a" * 40, state, f"build 1 {outcome}: test_weight failed")


def test_a_validation_without_counts_is_shown_without_them() -> None:
    """Nothing is made up."""
    pilot = Pilot()
    pilot.world.build = lambda effect: good_result("x", tests=None)
    pilot.push(FEATURE, "a" * 40)

    pilot.perform()

    assert statuses(pilot)[-1] == ("a" * 40, "succeeded", "build 1 succeeded")


def test_pushes_that_arrive_while_a_build_runs_become_one_build_of_the_newest() -> None:
    """With `batch`, three pushes make two builds."""
    pilot = Pilot()
    for mark in "abc":
        pilot.push(FEATURE, mark * 40)
    assert len(pilot.effects(ef.Build)) == 1

    report(pilot, 1)

    (validation,) = pilot.state.validations.values()
    assert [(run.number, run.commit) for run in validation.running] == [(2, "c" * 40)]
    assert validation.waiting is None
    assert len(pilot.effects(ef.Build)) == 2


def test_without_batch_every_push_is_built_at_once() -> None:
    """And the branch is validated until the last of them has reported."""
    pilot = Pilot(UNBATCHED)
    pilot.push(FEATURE, "a" * 40)
    pilot.push(FEATURE, "b" * 40)
    assert len(pilot.effects(ef.Build)) == 2

    report(pilot, 2)

    (validation,) = pilot.state.validations.values()
    assert [run.number for run in validation.running] == [1]


def test_branches_are_validated_apart() -> None:
    """A build of one branch keeps no other waiting."""
    pilot = Pilot()

    pilot.push(FEATURE, "a" * 40)
    pilot.push("refs/heads/main", "b" * 40)

    assert [one.number for one in pilot.effects(ef.Build) if isinstance(one, ef.Build)] == [1, 2]


def test_a_pull_request_stays_one_through_a_batch() -> None:
    """What waited is validated as what it was pushed as."""
    pilot = Pilot()
    pilot.push(FEATURE, "a" * 40, pull_request="17")
    pilot.push(FEATURE, "b" * 40, pull_request="17")

    report(pilot, 1)

    assert pilot.state.validations[FEATURE].pull_request == "17"


def test_a_skip_marker_asks_for_no_validation() -> None:
    """The push is recorded with the marker."""
    pilot = Pilot()

    decision = pilot.push(FEATURE, skip="[skip ci]")

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "skipped")
    assert "[skip ci]" in decision.reason
    assert decision.effects == ()


def test_a_service_that_is_not_configured_is_not_validated() -> None:
    """The push is recorded only."""
    pilot = Pilot()
    pilot.tell(ev.ServiceRemoved(**pilot.ids()))

    decision = pilot.push(FEATURE)

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "not-configured")


def test_a_deleted_branch_is_validated_no_more() -> None:
    """Its builds are cancelled, and what waited is not built."""
    pilot = Pilot()
    pilot.push(FEATURE, "a" * 40)
    pilot.push(FEATURE, "b" * 40)

    pilot.tell(ev.BranchDeleted(**pilot.ids(), ref=FEATURE, number=3))

    assert pilot.state.validations == {}
    assert [one.subject for one in pilot.effects(ef.CancelBuild)] == ["b1:cancel-build:1"]
    assert statuses(pilot)[-1] == ("a" * 40, "error", "build 1 cancelled: the branch was deleted")
    assert len(pilot.effects(ef.Build)) == 1


def test_a_build_that_nobody_waits_for_is_recorded_only() -> None:
    """A late or repeated result changes nothing."""
    pilot = Pilot()
    pilot.push(FEATURE)
    report(pilot, 1)

    decision = report(pilot, 1)

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "replaced")
    assert decision.reason == "nobody waits for attempt 1 of build 1"


def test_a_validation_that_never_reports_is_cancelled_and_the_next_push_built() -> None:
    """Its commit shows an error; the push that waited does not wait for ever."""
    pilot = Pilot(policy(build_deadline=timedelta(hours=1)))
    pilot.push(FEATURE, "a" * 40)
    pilot.push(FEATURE, "b" * 40)

    pilot.pass_time(timedelta(hours=1))

    assert [one.subject for one in pilot.effects(ef.CancelBuild)] == ["b1:cancel-build:1"]
    assert ("a" * 40, "error", "build 1 did not report in time") in statuses(pilot)
    assert [run.commit for run in pilot.state.validations[FEATURE].running] == ["b" * 40]


def test_only_the_run_that_is_over_its_deadline_is_given_up() -> None:
    """A younger one of the same branch goes on."""
    pilot = Pilot(UNBATCHED)
    pilot.push(FEATURE, "a" * 40)
    pilot.pass_time(timedelta(hours=1))
    pilot.push(FEATURE, "b" * 40)

    pilot.pass_time(timedelta(hours=1))

    assert [run.number for run in pilot.state.validations[FEATURE].running] == [2]


def test_a_new_policy_applies_to_the_push_that_waits() -> None:
    """Without `batch` from now on, the next push starts beside the one that waited."""
    pilot = Pilot()
    pilot.push(FEATURE, "a" * 40)
    pilot.tell(ev.PolicyChanged(**pilot.ids(), policy=replace(UNBATCHED, digest="e" * 64)))

    pilot.push(FEATURE, "b" * 40)

    assert len(pilot.effects(ef.Build)) == 2
