"""How every build ended is kept by its number, beside the state that decisions read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.drafts.decision import Decision, Outcome
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.state.build import BuildOutcome, BuildResult, ReportedBuild
from tests.support.pilot import NOON, OPERATOR, Pilot, good_result, policy

BRANCH = "refs/heads/feature/delivery/x"
RELEASE = "refs/heads/release/delivery/v1.0.0"
HOURS = timedelta(hours=1)


def packaging() -> Pilot:
    """A release whose build runs."""
    pilot = Pilot(policy(build_deadline=HOURS))
    pilot.push_release("1.0.0", "a" * 40)
    return pilot.perform(ef.ReadTags)


def report(pilot: Pilot, result: BuildResult, number: int = 1) -> Decision:
    """A build reports."""
    return pilot.tell(ev.BuildReported(**pilot.ids(), effect="x", number=number, attempt=1, result=result))


def ending(pilot: Pilot, number: int = 1) -> tuple[str, str]:
    """How a build that was kept ended, and why."""
    result = pilot.state.builds[number].result
    return result.outcome, result.reason


def test_a_validation_is_kept_with_its_branch_and_commit() -> None:
    """Although nothing else of it remains."""
    pilot = Pilot()
    pilot.push(BRANCH, "a" * 40)
    pilot.now += HOURS
    result = good_result("x", outcome=BuildOutcome.FAILED, reason="1 test failed")

    report(pilot, result)

    assert pilot.state.validations == {}
    assert dict(pilot.state.builds) == {
        1: ReportedBuild(
            number=1,
            attempt=1,
            ref=BRANCH,
            commit="a" * 40,
            version="",
            since=NOON,
            at=NOON + HOURS,
            result=result,
        )
    }


def test_a_releases_build_is_kept_with_its_version_and_the_release_names_it() -> None:
    """So that its output is found from either."""
    pilot = packaging()
    result = good_result("1")

    report(pilot, result)

    kept = pilot.state.builds[1]
    assert (kept.ref, kept.commit, kept.version, kept.result) == (RELEASE, "a" * 40, "1.0.0", result)
    assert (pilot.release("1.0.0").built, pilot.release("1.0.0").result) == (1, result)


def test_a_build_that_is_tried_again_leaves_the_first_where_it_was() -> None:
    """Each has its number, and the release names the last."""
    pilot = packaging()
    report(pilot, good_result("1", outcome=BuildOutcome.ERRORED, reason="out of disk"))

    pilot.tell(ev.RetryRequested(**pilot.ids(), version="1.0.0", person=OPERATOR))
    report(pilot, good_result("2"), 2)

    assert ending(pilot) == ("errored", "out of disk")
    assert ending(pilot, 2) == ("succeeded", "")
    assert pilot.release("1.0.0").built == 2


@pytest.mark.parametrize("ref", [BRANCH, RELEASE])
def test_a_build_that_never_reported_is_kept_as_errored(ref: str) -> None:
    """With the time at which it was given up."""
    pilot = Pilot(policy(build_deadline=HOURS))
    pilot.push(ref)
    pilot.perform(ef.ReadTags)

    pilot.pass_time(HOURS)

    assert ending(pilot) == ("errored", "build 1 did not report in time")
    assert (pilot.state.builds[1].ref, pilot.state.builds[1].at) == (ref, NOON + HOURS)
    if ref == RELEASE:
        assert pilot.release("1.0.0").built == 1


@pytest.mark.parametrize("ref", [BRANCH, RELEASE])
def test_a_build_that_is_cancelled_is_kept_with_the_reason(ref: str) -> None:
    """Nobody waits for its report."""
    pilot = Pilot()
    pilot.push(ref)
    pilot.perform(ef.ReadTags)

    pilot.tell(ev.BranchDeleted(**pilot.ids(), ref=ref, number=2))

    assert ending(pilot) == ("cancelled", "the branch was deleted")
    assert pilot.state.builds[1].ref == ref


def test_a_build_that_a_newer_commit_replaces_is_kept_as_cancelled() -> None:
    """And the release names no result until the newer one has reported."""
    pilot = packaging()

    pilot.push_release("1.0.0", "e" * 40)
    pilot.perform(ef.ReadTags)

    assert ending(pilot) == ("cancelled", "eeeeeeeeeeee was pushed")
    assert (pilot.release("1.0.0").built, pilot.release("1.0.0").result) == (0, None)
    report(pilot, good_result("2"), 2)
    assert pilot.release("1.0.0").built == 2


def test_a_new_commit_forgets_the_number_with_the_result() -> None:
    """Both are of the commit before."""
    pilot = packaging()
    report(pilot, good_result("1", outcome=BuildOutcome.FAILED, reason="2 tests failed"))
    assert pilot.release("1.0.0").built == 1

    pilot.push_release("1.0.0", "e" * 40)

    assert (pilot.release("1.0.0").built, pilot.release("1.0.0").result) == (0, None)


def test_a_commit_that_was_pushed_during_a_build_that_failed_has_no_result_yet() -> None:
    """The one before it is found by its number."""
    pilot = packaging()
    pilot.push_release("1.0.0", "e" * 40)

    report(pilot, good_result("1", outcome=BuildOutcome.FAILED, reason="2 tests failed"))

    assert (pilot.release("1.0.0").built, pilot.release("1.0.0").result) == (0, None)
    assert pilot.state.builds[1].commit == "a" * 40


def test_a_report_that_nobody_waits_for_is_not_kept() -> None:
    """The first word on a build stands."""
    pilot = packaging()
    report(pilot, good_result("1"))
    before = pilot.state.builds

    late = report(pilot, good_result("1", outcome=BuildOutcome.FAILED, reason="late"))

    assert late.outcome is Outcome.IGNORED
    assert late.state.builds == before


def test_looking_again_where_a_build_was_kept_changes_nothing() -> None:
    """So that nothing is written."""
    pilot = Pilot()
    pilot.push(BRANCH)
    report(pilot, good_result("x"))
    assert set(pilot.state.builds) == {1}
    before = pilot.state.builds

    decision = pilot.pass_time(timedelta(seconds=1))

    assert decision.outcome is Outcome.NOTHING
    assert decision.state.builds is before
