"""Windows against a judge that knows no cron library: it walks minute by minute and reads the clock on the wall."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.policies.policy import DenyWindow
from shared.domain.policies.windows import active, next_change

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# Each zone with the days on which its clocks go forward and back (one that has none: any day).
CHANGES = {
    "Europe/Berlin": [(2026, 3, 29), (2026, 10, 25)],
    "America/New_York": [(2026, 3, 8), (2026, 11, 1)],
    "Australia/Lord_Howe": [(2026, 10, 4), (2026, 4, 5)],
    "America/Sao_Paulo": [(2018, 11, 4), (2019, 2, 17)],
    "Asia/Kolkata": [(2026, 3, 29), (2026, 10, 25)],
    "UTC": [(2026, 3, 29), (2026, 10, 25)],
}
DAYS = [(zone, day) for zone, days in CHANGES.items() for day in days]


@lru_cache
def walls(zone: str, day: tuple[int, int, int]) -> list[tuple[datetime, datetime]]:
    """Every minute of five days about the change: the instant, and what a clock on the wall shows then."""
    start = datetime(*day, tzinfo=UTC) - timedelta(days=3)
    instants = (start + MINUTE * number for number in range(6 * 24 * 60))
    return [(instant, instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)) for instant in instants]


def starts(zone: str, day: tuple[int, int, int], hour: int, minute: int) -> list[datetime]:
    """When a daily window begins: as the wall shows its time, the first time; or at the jump that leaves it out."""
    found: list[datetime] = []
    wanted: dict[object, bool] = {}
    before: datetime | None = None
    for instant, wall in walls(zone, day):
        begins = datetime(wall.year, wall.month, wall.day, hour, minute)
        passed_over = before is not None and before < begins < wall
        if (wall == begins or passed_over) and not wanted.get(begins.date()):
            wanted[begins.date()] = True
            found.append(instant)
        before = wall
    return found


def check(zone: str, day: tuple[int, int, int], hour: int, minute: int, length: timedelta) -> None:
    """Compare every so often on the day about the change, and about every start and end of a window."""
    window = DenyWindow(cron=f"{minute} {hour} * * *", duration=length, timezone=zone, reason="closed")
    begun = starts(zone, day, hour, minute)
    middle = datetime(*day, tzinfo=UTC)

    def denied(at: datetime) -> bool:
        return any(start <= at < start + length for start in begun)

    edges = {edge + by for start in begun for edge in (start, start + length) for by in (-MINUTE / 2, 0 * HOUR)}
    for at in sorted({*edges, *(instant for instant, _ in walls(zone, day)[::20])}):
        if abs(at - middle) <= 16 * HOUR:
            end = active(window, at)
            assert (end is not None) is denied(at), f"{at} in {zone}"
            change = next_change([window], at) if at in edges else None
            if change is not None and change < middle + timedelta(days=2):
                assert denied(change) is not denied(at), f"{at}: {change}"


@pytest.mark.parametrize("length", [HOUR / 2, timedelta(hours=20)])
@pytest.mark.parametrize(("zone", "day"), DAYS)
def test_a_window_that_begins_about_a_change_of_the_clocks_is_what_the_wall_says(
    zone: str, day: tuple[int, int, int], length: timedelta
) -> None:
    """In the hour that does not exist, in the hour that comes twice, at their edges, and over the change."""
    for hour, minute in ((0, 0), (0, 30), (1, 30), (2, 0), (2, 15), (2, 30), (3, 0), (23, 30)):
        check(zone, day, hour, minute, length)


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(DAYS), st.integers(0, 23), st.integers(0, 59), st.integers(1, 24 * 60 - 61))
def test_any_daily_window_is_what_the_wall_says(
    where: tuple[str, tuple[int, int, int]], hour: int, minute: int, length: int
) -> None:
    """At random, shorter than a day that is an hour short."""
    check(*where, hour, minute, length * MINUTE)


@pytest.mark.parametrize(("zone", "day"), DAYS)
def test_a_window_lasts_as_long_as_it_says_over_any_change(zone: str, day: tuple[int, int, int]) -> None:
    """By a clock that nobody changes, from every start of that day."""
    middle = datetime(*day, tzinfo=UTC)
    for hour in range(24):
        window = DenyWindow(cron=f"0 {hour} * * *", duration=3 * HOUR, timezone=zone, reason="closed")
        for start in starts(zone, day, hour, 0):
            if abs(start - middle) < timedelta(days=1, hours=12):
                assert active(window, start) == start + 3 * HOUR
                assert active(window, start + 3 * HOUR - timedelta(microseconds=1)) == start + 3 * HOUR
                assert active(window, start + 3 * HOUR) is None
