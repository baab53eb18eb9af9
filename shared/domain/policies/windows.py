"""Deny windows: from each tick of a cron expression in a time zone, for a duration of elapsed time.

A tick that falls into the hour which spring leaves out comes when that hour would have ended; one in the hour that
autumn repeats comes the first time (Debian cron's rules, by cronsim).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from shared.domain.policies.policy import DenyWindow
from shared.domain.values.errors import InvalidValue

LONGEST = timedelta(days=366)
_FIELDS = 5
_LONGEST_CRON = 200
# No clock change repeats more than this; a tick just ahead by the wall clock may lie behind in elapsed time.
_REPEATED = timedelta(hours=3)
_MERGED = 100  # how many windows that touch are looked at; after that, the end is a time to look again


def check(window: DenyWindow) -> None:
    """Raise InvalidValue with the field that is wrong: `cron`, `timezone` or `duration`."""
    try:
        zone = ZoneInfo(window.timezone)
    except (ValueError, OSError, LookupError) as error:
        raise InvalidValue("timezone", f"{window.timezone!r} is not a time zone such as Europe/Berlin") from error
    if not timedelta(0) < window.duration <= LONGEST:
        raise InvalidValue("duration", "must be longer than nothing and at most 366 days")
    if len(window.cron) > _LONGEST_CRON or len(window.cron.split()) != _FIELDS:
        raise InvalidValue("cron", f"{window.cron!r} must have five fields: minute hour day month weekday")
    try:
        ticks = CronSim(window.cron, datetime(2000, 1, 1, tzinfo=zone))
    except CronSimError as error:
        raise InvalidValue("cron", f"{window.cron!r} is not a cron expression: {error}") from error
    if next(ticks, None) is None:
        raise InvalidValue("cron", f"{window.cron!r} never comes")


def active(window: DenyWindow, now: datetime) -> datetime | None:
    """Return when the denial that holds now ends, windows that touch or overlap taken as one; None where none holds."""
    start = _around(window, now).last
    if start is None or start + window.duration <= now:
        return None
    end = start + window.duration
    for _, tick in zip(range(_MERGED), _ticks_after(window, now), strict=False):
        if tick > end:
            break
        end = tick + window.duration
    return end


def first_active(windows: Iterable[DenyWindow], now: datetime) -> tuple[DenyWindow, datetime] | None:
    """Return the first of the windows that denies now, with its end."""
    ends = ((window, active(window, now)) for window in windows)
    return next(((window, end) for window, end in ends if end is not None), None)


def next_change(windows: Iterable[DenyWindow], now: datetime) -> datetime | None:
    """Return the next instant at which one of the windows starts or ends."""
    changes = (active(window, now) or _around(window, now).next for window in windows)
    return min((change for change in changes if change is not None), default=None)


class _Quiet(NamedTuple):
    """Two ticks of a window with none between them; None: there is none before, or after."""

    last: datetime | None
    next: datetime | None


# Each decision asks the same windows about nearly the same time. What lies between two ticks need not be computed again.
@lru_cache(maxsize=4096)
def _known(_window: DenyWindow) -> list[_Quiet]:
    return []


def _around(window: DenyWindow, now: datetime) -> _Quiet:
    known = _known(window)
    for quiet in known:
        if (quiet.last is None or quiet.last <= now) and (quiet.next is None or now < quiet.next):
            return quiet
    known[:] = [_Quiet(_last_tick(window, now), next(_ticks_after(window, now), None))]
    return known[0]


def _last_tick(window: DenyWindow, now: datetime) -> datetime | None:
    local = (now + _REPEATED).astimezone(ZoneInfo(window.timezone))
    # Never endless: what is later than now lies within three hours, at most one tick a minute.
    ticks = (tick.astimezone(UTC) for tick in CronSim(window.cron, local, reverse=True))
    return next((tick for tick in ticks if tick <= now), None)


def _ticks_after(window: DenyWindow, now: datetime) -> Iterator[datetime]:
    ticks = CronSim(window.cron, now.astimezone(ZoneInfo(window.timezone)))
    # In UTC: two times of one zone compare by their wall clocks, wrongly while an hour is repeated.
    return (tick for tick in (tick.astimezone(UTC) for tick in ticks) if tick > now)
