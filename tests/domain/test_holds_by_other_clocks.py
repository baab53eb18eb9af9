"""Holds and overrides, whose times come from two partitions, and maybe from clocks that differ."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.messages import effects as ef
from shared.domain.state.estate import Estate
from shared.domain.state.phases import Phase
from shared.domain.values.records import replace
from tests.support.pilot import NOON, PRODUCTION, Pilot, policy
from tests.support.pilot_more import DAY, a_hold, hold, override

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
APART = 5 * MINUTE
FREE = replace(PRODUCTION, approval=None, after=())


def held_and_overridden() -> Pilot:
    """A version that waits for a hold that somebody let it past, before it can start."""
    pilot = Pilot(policy(FREE))
    hold(pilot, "environment:production")
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag)
    override(pilot, "hold", "1.0.0")
    return pilot


@pytest.mark.parametrize("clock", [-30 * DAY, -APART, -SECOND, timedelta(0)])
def test_a_hold_that_is_set_after_an_override_by_a_clock_behind_holds(clock: timedelta) -> None:
    """Its time looks earlier than the override's, and than that of the hold that was looked at."""
    pilot = held_and_overridden()
    pilot.now += MINUTE
    stop = a_hold(since=NOON + clock if clock else pilot.now, id="stop")
    pilot.estate = Estate(holds=(*pilot.estate.holds, stop))

    pilot.perform()

    held = pilot.promotion("1.0.0", "production")
    assert (held.phase, held.reason) == (Phase.WAITING, "held (everything) by Olga Operator: outage")


def test_a_hold_by_a_clock_ahead_is_let_past_by_who_looked_at_it() -> None:
    """Its time looks later than the override's."""
    pilot = Pilot(policy(FREE))
    pilot.estate = Estate(holds=(a_hold(since=NOON + APART),))
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag)

    override(pilot, "hold", "1.0.0")
    pilot.perform()

    assert pilot.promotion("1.0.0", "production").phase is Phase.SUCCEEDED


def test_an_override_of_an_earlier_slipway_goes_by_the_times() -> None:
    """It does not say which holds were looked at."""
    pilot = held_and_overridden()
    [given] = pilot.release("1.0.0").overrides

    old = replace(given, holds=None)

    assert (old.saw(given.at), old.saw(given.at + SECOND)) == (True, False)
    assert given.holds == (NOON,)
