"""Deny windows over clock changes, overlaps and edges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.domain.policies.policy import DenyWindow
from shared.domain.policies.windows import active, check, first_active, next_change
from shared.domain.values.errors import InvalidValue

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")


def window(cron: str, hours: float, zone: str = "Europe/Berlin", reason: str = "weekend") -> DenyWindow:
    return DenyWindow(cron=cron, duration=timedelta(hours=hours), timezone=zone, reason=reason)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def local(zone: ZoneInfo, *parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=zone, fold=fold).astimezone(UTC)  # type: ignore[arg-type, misc]


def test_a_weekend_freeze_holds_from_friday_afternoon_to_monday_morning() -> None:
    """The start belongs to the window, the end does not."""
    weekend = window("0 16 * * 5", 64)
    friday, monday = local(BERLIN, 2026, 6, 5, 16), local(BERLIN, 2026, 6, 8, 8)

    assert active(weekend, friday - timedelta(microseconds=1)) is None
    assert active(weekend, friday) == monday
    assert active(weekend, friday + timedelta(microseconds=1)) == monday
    assert active(weekend, monday - timedelta(microseconds=1)) == monday
    assert active(weekend, monday) is None


@pytest.mark.parametrize(
    ("start", "end"),
    [
        # Clocks go forward on 29 March 2026: 64 hours of elapsed time end at 09:00, not 08:00.
        (local(BERLIN, 2026, 3, 27, 16), local(BERLIN, 2026, 3, 30, 9)),
        # And back on 25 October: they end at 07:00.
        (local(BERLIN, 2026, 10, 23, 16), local(BERLIN, 2026, 10, 26, 7)),
    ],
)
def test_the_duration_is_elapsed_time_over_a_clock_change(start: datetime, end: datetime) -> None:
    """A freeze is as long as it says, whatever the clocks on the wall do."""
    weekend = window("0 16 * * 5", 64)

    assert active(weekend, start) == end == start + timedelta(hours=64)
    assert active(weekend, end) is None


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("Europe/Berlin", utc(2026, 3, 29, 1, 0)),  # 02:30 does not exist; the gap ends at 03:00
        ("America/New_York", utc(2026, 3, 8, 7, 0)),
    ],
)
def test_a_tick_in_the_hour_left_out_comes_at_its_end(zone: str, start: datetime) -> None:
    """The window is not lost on the day whose clock skips it."""
    nightly = window("30 2 * * *", 1, zone)

    assert active(nightly, start - timedelta(seconds=1)) is None
    assert next_change([nightly], start - timedelta(seconds=1)) == start
    assert active(nightly, start) == start + timedelta(hours=1)


@pytest.mark.parametrize(
    ("zone", "name", "day"), [(BERLIN, "Europe/Berlin", (2026, 10, 25)), (NEW_YORK, "America/New_York", (2026, 11, 1))]
)
def test_a_tick_in_the_repeated_hour_comes_once(zone: ZoneInfo, name: str, day: tuple[int, int, int]) -> None:
    """The first time it is 01:30 or 02:30 counts, and still holds while that hour comes again."""
    hour = 2 if zone is BERLIN else 1
    nightly = window(f"30 {hour} * * *", 1, name)
    first, second = local(zone, *day, hour, 30), local(zone, *day, hour, 30, fold=1)

    assert second - first == timedelta(hours=1)
    assert active(nightly, first) == second
    assert active(nightly, local(zone, *day, hour, 10, fold=1)) == second
    assert active(nightly, second) is None
    assert next_change([nightly], second) == local(zone, *day, hour, 30) + timedelta(hours=25)


def test_windows_that_overlap_their_own_next_tick_end_as_one() -> None:
    """From Friday's tick to what Saturday's leaves behind is one denial."""
    both_days = window("0 0 * * 5,6", 36, "UTC")

    assert active(both_days, utc(2026, 6, 5, 1)) == utc(2026, 6, 7, 12)
    assert active(both_days, utc(2026, 6, 7, 11)) == utc(2026, 6, 7, 12)
    assert active(both_days, utc(2026, 6, 7, 12)) is None


def test_windows_that_touch_end_as_one() -> None:
    """There is no instant between them."""
    halves = window("0 0,12 * * 1", 12, "UTC")

    assert active(halves, utc(2026, 6, 1, 3)) == utc(2026, 6, 2)


def test_a_window_without_end_says_when_to_look_again() -> None:
    """A denial longer than its cron's period never ends; the work to find out does."""
    always = window("* * * * *", 2, "UTC")

    end = active(always, utc(2026, 6, 1))

    assert end is not None
    assert end > utc(2026, 6, 1, 2)
    assert active(always, end) is not None


def test_the_first_window_that_denies_is_named_with_its_end() -> None:
    """People see the reason of the window that the file lists first."""
    weekend, night = window("0 16 * * 5", 64), window("0 22 * * *", 8, reason="night")

    assert first_active([weekend, night], local(BERLIN, 2026, 6, 5, 23)) == (weekend, local(BERLIN, 2026, 6, 8, 8))
    assert first_active([weekend, night], local(BERLIN, 2026, 6, 3, 23)) == (night, local(BERLIN, 2026, 6, 4, 6))
    assert first_active([weekend, night], local(BERLIN, 2026, 6, 3, 12)) is None


def test_the_next_change_is_the_earliest_start_or_end() -> None:
    """That is when waiting promotions are looked at again."""
    weekend, night = window("0 16 * * 5", 64), window("0 22 * * *", 8)

    assert next_change([weekend, night], local(BERLIN, 2026, 6, 5, 12)) == local(BERLIN, 2026, 6, 5, 16)
    assert next_change([weekend, night], local(BERLIN, 2026, 6, 5, 17)) == local(BERLIN, 2026, 6, 5, 22)
    assert next_change([weekend], local(BERLIN, 2026, 6, 5, 17)) == local(BERLIN, 2026, 6, 8, 8)
    assert next_change([], local(BERLIN, 2026, 6, 5, 17)) is None


@pytest.mark.parametrize(
    ("cron", "hours", "zone", "field"),
    [
        ("0 16 * *", 1, "UTC", "cron"),
        ("0 0 16 * * 5", 1, "UTC", "cron"),
        ("61 16 * * 5", 1, "UTC", "cron"),
        ("0 0 30 2 *", 1, "UTC", "cron"),
        ("0 0 */31 * MON#5", 1, "UTC", "cron"),
        ("9" * 5000 + " * * * *", 1, "UTC", "cron"),
        ("0 16 * * 5", 1, "Europe/Atlantis", "timezone"),
        ("0 16 * * 5", 1, "Europe", "timezone"),
        ("0 16 * * 5", 1, "../../etc/passwd", "timezone"),
        ("0 16 * * 5", 1, "", "timezone"),
        ("0 16 * * 5", 0, "UTC", "duration"),
        ("0 16 * * 5", -1, "UTC", "duration"),
        ("0 16 * * 5", 24 * 367, "UTC", "duration"),
    ],
)
def test_a_window_that_cannot_be_is_refused_with_its_field(cron: str, hours: float, zone: str, field: str) -> None:
    """The file's author is told which of the keys is wrong."""
    with pytest.raises(InvalidValue) as refused:
        check(window(cron, hours, zone))

    assert refused.value.field == field


def test_a_window_that_can_be_is_accepted() -> None:
    """Nothing is returned, nothing raised."""
    check(window("0 16 * * FRI", 64))
    check(window("0 0 29 2 *", 24, "America/New_York"))
