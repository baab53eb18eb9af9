"""A rollback that cannot begin calls people: nothing waits for ever."""

from __future__ import annotations

from datetime import timedelta

from shared.domain.messages import effects as ef
from shared.domain.state.phases import Phase
from tests.support.pilot import Pilot
from tests.support.pilot_more import HOUR, codes, hold, reasons, roll_back

TICK = timedelta(microseconds=1)


def failed() -> Pilot:
    """Version 1.1.0 failed in production, and nothing is read for its rollback."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0", approve=False)
    pilot.world.unhealthy = {pilot.promotion("1.1.0", "production").number}
    pilot.answer()
    return pilot.perform(ef.Retag, ef.Deploy, ef.ObserveRollout)


def waiting() -> Pilot:
    """Version 1.1.0 is rolled back by a person, and nothing is read for it."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0")
    roll_back(pilot)
    return pilot


def test_what_a_commit_is_told_of_an_environment_stays_true() -> None:
    """Another version is live there later, and the status of the one before is not taken back."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0")
    roll_back(pilot)
    pilot.perform(ef.GatherFacts, ef.Deploy, ef.ObserveRollout)

    said = [one for one in pilot.said if one.context.endswith("/production")]
    assert [one.description for one in said] == [
        *("v1.0.0 is on its way", "v1.0.0 went live in production"),
        *("v1.1.0 is on its way", "v1.1.0 went live in production"),
        *("v1.1.0 is being rolled back", "rolled back: v1.0.0 went live in production"),
    ]


def test_a_rollback_that_cannot_begin_fails_after_two_hours() -> None:
    """Untouched by a person's: what runs is as it was. Until then it says what it waits for."""
    pilot = waiting()
    begun = pilot.now
    pilot.pass_time(2 * HOUR - TICK)
    before = codes(pilot, "1.1.0")
    pilot.pass_time(TICK)
    back = pilot.promotion("1.1.0", "production")

    assert back.created == begun
    assert before == ["FactMissing"]
    assert (back.phase, back.reason.partition(":")[0]) == (Phase.ROLLBACK_FAILED, "it could not begin in time")
    assert reasons(pilot, "1.1.0") == ()
    assert pilot.state.environments["production"].unknown == ""


def test_a_rollback_of_a_failed_rollout_that_cannot_begin_leaves_live_unknown() -> None:
    """The slot stays taken, so that people are needed."""
    pilot = failed()
    before = pilot.promotion("1.1.0", "production").phase
    pilot.pass_time(2 * HOUR)
    back = pilot.promotion("1.1.0", "production")
    production = pilot.state.environments["production"]

    assert (before, back.phase) == (Phase.WAITING, Phase.ROLLBACK_FAILED)
    assert "could not begin in time" in production.unknown
    assert production.slot is not None
    assert production.slot.promotion == back.number


def test_a_rollback_is_looked_at_when_it_should_have_begun() -> None:
    """Also where nothing else happens; a hold does not make its time stand still."""
    pilot = waiting()
    begun = pilot.now
    hold(pilot)
    pilot.now = begun + 2 * HOUR - TICK
    wake = pilot.pass_time(timedelta(0)).wake

    assert wake == ((begun + 2 * HOUR, "deadline"),)


def test_a_rollback_that_can_begin_late_begins() -> None:
    """Whatever kept it, going back is better than calling people."""
    pilot = waiting()
    pilot.now += 3 * HOUR
    pilot.perform()

    assert pilot.promotion("1.1.0", "production").phase is Phase.ROLLED_BACK
