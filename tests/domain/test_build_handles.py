"""The name of a build's run at the host that builds: kept with the run, and given to whoever cancels it."""

from __future__ import annotations

import pytest

from shared.domain.drafts.decision import Outcome
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.state.build import NO_HANDLE, BuildHandle, BuildOutcome, BuildResult
from tests.support.pilot import Pilot

FEATURE = "refs/heads/feature/delivery/x"
RUN = BuildHandle(id="4711", link="https://ci.example.com/4711")


def building(*, release: bool) -> Pilot:
    """A build that was ordered, of a release or of a branch."""
    pilot = Pilot()
    if release:
        pilot.push_release("1.0.0", "a" * 40)
    else:
        pilot.push(FEATURE, "a" * 40)
    pilot.perform(ef.ReadTags)
    return pilot


def started(pilot: Pilot, *, attempt: int = 1) -> Outcome:
    """Say what the run of build 1 is called."""
    return pilot.tell(ev.BuildStarted(**pilot.ids(), number=1, attempt=attempt, handle=RUN)).outcome


def ended(pilot: Pilot, *, attempt: int = 1) -> Outcome:
    """Say that the run of build 1 has ended."""
    return pilot.tell(ev.BuildEnded(**pilot.ids(), number=1, attempt=attempt)).outcome


def handles(pilot: Pilot) -> list[BuildHandle]:
    """The names of the runs that are waited for."""
    return [run.handle for run, _ in pilot.state.builds_under_way()]


@pytest.mark.parametrize("release", [True, False])
def test_a_handle_is_kept_with_the_run(release: bool) -> None:
    """Until then it has none."""
    pilot = building(release=release)
    before = handles(pilot)

    outcome = started(pilot)

    assert (before, handles(pilot)) == ([NO_HANDLE], [RUN])
    assert outcome is Outcome.NOTED


@pytest.mark.parametrize("release", [True, False])
def test_the_handle_is_known_when_the_build_has_ended(release: bool) -> None:
    """By the build's number, and in the release that it packaged."""
    pilot = building(release=release)
    started(pilot)
    pilot.perform(ef.Build)

    assert [one.handle for one in pilot.state.builds.values()] == [RUN]
    assert not release or pilot.release("1.0.0").handle == RUN


@pytest.mark.parametrize("release", [True, False])
def test_whoever_cancels_is_given_the_handle(release: bool) -> None:
    """The run is not in the state any more by then."""
    pilot = building(release=release)
    started(pilot)
    ref = "refs/heads/release/delivery/v1.0.0" if release else FEATURE
    pilot.tell(ev.BranchDeleted(**pilot.ids(), ref=ref, number=2))

    [cancelled] = pilot.effects(ef.CancelBuild)
    assert isinstance(cancelled, ef.CancelBuild)
    assert cancelled.handle == RUN


def test_a_run_that_began_after_its_build_was_given_up_is_cancelled() -> None:
    """Whoever cancelled the build did not know of it."""
    pilot = building(release=True)
    pilot.tell(ev.BranchDeleted(**pilot.ids(), ref="refs/heads/release/delivery/v1.0.0", number=2))
    started(pilot)

    given = [one.handle for one in pilot.effects(ef.CancelBuild) if isinstance(one, ef.CancelBuild)]
    assert given == [NO_HANDLE, RUN]


def test_a_commit_pushed_later_has_no_run_yet() -> None:
    """The handle that was kept is that of the build before."""
    pilot = building(release=True)
    pilot.world.build = lambda effect: BuildResult(outcome=BuildOutcome.FAILED, reason="1 test failed")
    started(pilot)
    pilot.perform(ef.Build)
    kept = pilot.release("1.0.0").handle
    pilot.push_release("1.0.0", "c" * 40)

    assert (kept, pilot.release("1.0.0").handle) == (RUN, NO_HANDLE)


@pytest.mark.parametrize("release", [True, False])
def test_a_build_that_is_said_to_have_ended_is_looked_at_at_once(release: bool) -> None:
    """That it ended is only said: it is waited for as before."""
    pilot = building(release=release)
    started(pilot)
    outcome = ended(pilot)

    assert [one.subject for one in pilot.effects(ef.LookAtBuild)] == ["b1:look-at-build:1"]
    assert (outcome, handles(pilot)) == (Outcome.NOTED, [RUN])


def test_nobody_looks_at_an_attempt_that_is_not_waited_for() -> None:
    """Neither one that was replaced, nor one whose result is known."""
    pilot = building(release=True)
    other = ended(pilot, attempt=2)
    pilot.perform(ef.Build)
    late = ended(pilot)

    assert (other, late) == (Outcome.IGNORED, Outcome.IGNORED)
    assert pilot.effects(ef.LookAtBuild) == []


@pytest.mark.parametrize("release", [True, False])
def test_a_handle_is_the_run_of_the_build_that_it_names(release: bool) -> None:
    """Of several that are under way, the other ones have none yet."""
    pilot = building(release=release)
    pilot.push("refs/heads/feature/delivery/y", "b" * 40)
    pilot.push_release("1.1.0", "c" * 40)
    pilot.perform(ef.ReadTags)
    number = max(run.number for run, _ in pilot.state.builds_under_way())
    pilot.tell(ev.BuildStarted(**pilot.ids(), number=number, attempt=1, handle=RUN))

    assert {run.number for run, _ in pilot.state.builds_under_way() if run.handle == RUN} == {number}
    assert len(handles(pilot)) == 3
