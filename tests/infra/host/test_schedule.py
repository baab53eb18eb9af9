"""When a timer runs by a clock that is set: neither twice for one time, nor silent until an old time comes again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.host.schedule import Schedule

EACH_MINUTE, DAILY = "0 * * * * *", "0 0 2 * * *"
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def walk(schedule: Schedule, shown: datetime, real: timedelta) -> list[datetime]:
    """Look each second for so much real time; return what the clock showed at each run."""
    looks = (shown + SECOND * number for number in range(1, real // SECOND + 1))
    return [now for now in looks if schedule.take(now) is not None]


@pytest.mark.parametrize("back", [2 * MINUTE, HOUR, DAY, 30 * DAY])
def test_a_clock_that_is_set_back_keeps_nothing_silent(back: timedelta) -> None:
    """It runs each minute by the time that is shown then, and still does when the old time comes again."""
    schedule = Schedule(EACH_MINUTE, NOON)
    walk(schedule, NOON, 5 * MINUTE)

    after = walk(schedule, NOON + 5 * MINUTE - back, 10 * MINUTE)

    assert after == [NOON + (5 + number) * MINUTE - back for number in range(1, 11)]


@pytest.mark.parametrize("back", [timedelta(milliseconds=300), SECOND, 59 * SECOND])
def test_a_clock_that_is_set_back_a_little_runs_nothing_twice(back: timedelta) -> None:
    """The minute that it ran for comes again; the next run is for the next minute."""
    schedule = Schedule(EACH_MINUTE, NOON)
    ran = walk(schedule, NOON, MINUTE)

    after = walk(schedule, NOON + MINUTE - back, 3 * MINUTE)

    assert ran == [NOON + MINUTE]
    assert after[0] >= NOON + 2 * MINUTE


def test_what_runs_daily_does_not_run_again_in_the_hour_that_comes_again() -> None:
    """Somebody sets a clock from summer to winter time half an hour after it ran."""
    two = NOON.replace(hour=2)
    schedule = Schedule(DAILY, two - HOUR)
    ran = walk(schedule, two - HOUR, HOUR + 30 * MINUTE)

    after = walk(schedule, two - 30 * MINUTE, DAY)

    assert ran == [two]
    assert after == []
    assert schedule.next == two + DAY


@pytest.mark.parametrize("ahead", [2 * MINUTE, HOUR, 30 * DAY])
def test_a_clock_that_is_set_forward_makes_up_once_and_not_again_when_it_is_put_right(ahead: timedelta) -> None:
    """One late run; then each minute as before, also by the right clock."""
    schedule = Schedule(EACH_MINUTE, NOON)

    jumped = walk(schedule, NOON + ahead + 30 * SECOND, 2 * MINUTE)
    right = walk(schedule, NOON + 2 * MINUTE + 30 * SECOND, 2 * MINUTE)

    assert jumped == [NOON + ahead + 31 * SECOND, NOON + ahead + MINUTE, NOON + ahead + 2 * MINUTE]
    assert right == [NOON + 3 * MINUTE, NOON + 4 * MINUTE] or ahead == 2 * MINUTE
    assert right


def test_a_clock_that_is_set_back_before_the_first_run_keeps_nothing_silent() -> None:
    """The host has just started."""
    schedule = Schedule(EACH_MINUTE, NOON + 30 * SECOND)

    assert walk(schedule, NOON - HOUR + 30 * SECOND, MINUTE) == [NOON - HOUR + MINUTE]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(1, 400), st.integers(-100_000, 100_000)), min_size=1, max_size=8))
def test_over_any_jumps_it_runs_soon_and_never_twice_for_one_time(jumps: list[tuple[int, int]]) -> None:
    """Each set-back costs two minutes of real time at most; only one of a minute or more makes a minute come again."""
    schedule, shown, real = Schedule(EACH_MINUTE, NOON), NOON, 0
    last, ran_for, backs = 0, NOON, [timedelta(0)]
    for seconds, jump in [*jumps, (121, 0)]:
        for _ in range(seconds):
            shown, real = shown + SECOND, real + 1
            if schedule.take(shown) is not None:
                assert shown.replace(second=0) > ran_for or sum(backs, timedelta(0)) >= MINUTE
                last, ran_for, backs = real, shown.replace(second=0), [timedelta(0)]
            assert real - last <= 60 + 120 * (len(backs) - 1)
        shown += jump * SECOND
        if jump < 0:
            backs.append(-jump * SECOND)
