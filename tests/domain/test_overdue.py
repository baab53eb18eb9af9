"""Answers that never come."""

from __future__ import annotations

from datetime import timedelta

from shared.domain.deciding.overdue import VALIDATING_DEADLINE
from shared.domain.drafts.decision import Outcome
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.state.phases import ReleasePhase
from tests.support.pilot import OPERATOR, Pilot, good_result, policy

BUILD = timedelta(hours=2)


def never_built() -> Pilot:
    pilot = Pilot(policy(build_deadline=BUILD))
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags)
    pilot.open.clear()
    return pilot


def retry(pilot: Pilot) -> None:
    pilot.tell(ev.RetryRequested(**pilot.ids(), version="1.0.0", person=OPERATOR))


def test_a_build_that_never_reports_is_cancelled_and_the_release_errored() -> None:
    """At its deadline, with an error on the commit."""
    pilot = never_built()
    assert pilot.decisions[-1].wake == ((pilot.now + BUILD, "build"),)

    pilot.pass_time(BUILD)

    release = pilot.release("1.0.0")
    assert (release.phase, release.reason) == (ReleasePhase.ERRORED, "build 1 did not report in time")
    assert [one.subject for one in pilot.effects(ef.CancelBuild)] == ["b1:cancel-build:1"]
    assert [one.description for one in pilot.said][-1] == release.reason


def test_before_its_deadline_a_build_is_left_alone() -> None:
    """Looking again changes nothing, and nothing is written."""
    pilot = never_built()

    decision = pilot.pass_time(BUILD - timedelta(seconds=1))

    assert decision.outcome is Outcome.NOTHING


def test_a_success_after_the_deadline_does_not_count() -> None:
    """The result is recorded only."""
    pilot = never_built()
    pilot.pass_time(BUILD)

    late = pilot.tell(ev.BuildReported(**pilot.ids(), effect="x", number=1, attempt=1, result=good_result("1")))

    assert (late.outcome, late.code) == (Outcome.IGNORED, "replaced")
    assert pilot.release("1.0.0").artifact is None


def test_a_retry_builds_again() -> None:
    """Under a new number, and only its result counts."""
    pilot = never_built()
    pilot.pass_time(BUILD)

    retry(pilot)
    pilot.perform()

    assert [one.subject for one in pilot.effects(ef.Build)] == ["b1:build:1", "b2:build:1"]
    assert pilot.release("1.0.0").phase is ReleasePhase.PACKAGED


def test_a_registry_that_never_says_whether_the_version_exists_ends_in_errored() -> None:
    """Checking has a deadline as everything has."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.open.clear()
    assert pilot.decisions[-1].wake == ((pilot.now + VALIDATING_DEADLINE, "registry"),)

    pilot.pass_time(VALIDATING_DEADLINE)

    release = pilot.release("1.0.0")
    assert release.phase is ReleasePhase.ERRORED
    assert release.reason == "the registry did not say in time whether v1.0.0 exists; retry the release"


def test_a_retry_after_a_silent_registry_checks_the_version_first() -> None:
    """Nothing is built before the registry has answered."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.open.clear()
    pilot.pass_time(VALIDATING_DEADLINE)

    retry(pilot)

    assert pilot.release("1.0.0").phase is ReleasePhase.VALIDATING
    assert pilot.effects(ef.Build) == []
    assert pilot.perform().release("1.0.0").phase is ReleasePhase.PACKAGED


def test_a_build_over_its_deadline_gives_way_to_the_commit_that_was_pushed_meanwhile() -> None:
    """Its version is checked again."""
    pilot = never_built()
    pilot.push_release("1.0.0", "e" * 40)

    pilot.pass_time(BUILD)

    release = pilot.release("1.0.0")
    assert (release.phase, release.commit) == (ReleasePhase.VALIDATING, "e" * 40)
    assert len(pilot.effects(ef.CancelBuild)) == 1
