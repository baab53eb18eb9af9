"""Timer schedules: the NCRONTAB expressions that Azure accepts, in UTC."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from cronsim import CronSim, CronSimError

_FIELDS = (5, 6)
# cronsim knows L, LW, # and day 7 too, which NCRONTAB refuses: the timer would never start on Azure.
_TERM = re.compile(r"(?:\*|\d+|[A-Z]{3})(?:-(?:\d+|[A-Z]{3}))?(?:/\d+)?", re.IGNORECASE)


class BadSchedule(ValueError):
    """The expression is none that runs on Azure and here alike."""


def check_schedule(expression: str, now: datetime) -> None:
    """Raise BadSchedule unless the expression has a next time, and the same one here as on Azure."""
    fields = expression.split()
    if len(fields) not in _FIELDS:
        raise BadSchedule(f"{expression!r} has {len(fields)} fields; write six: second minute hour day month weekday")
    for field in fields:
        if not all(_TERM.fullmatch(term) for term in field.split(",")):
            raise BadSchedule(f"{field!r} in {expression!r} is not understood; use numbers, names, * , - and /")
    if re.search(r"(?<![\d/])7", fields[-1]):
        raise BadSchedule(f"weekday 7 in {expression!r} is not known to Azure; Sunday is 0")
    if not (fields[-3].startswith("*") or fields[-1].startswith("*")):
        # Azure wants both to match, cron either of them.
        raise BadSchedule(f"{expression!r} restricts day and weekday at once; restrict one of them")
    next_run(expression, now)


def next_run(expression: str, after: datetime) -> datetime:
    """Return the first time of the schedule after the given one; raise BadSchedule where there is none."""
    try:
        return next(CronSim(expression, after))
    except CronSimError as error:
        raise BadSchedule(f"{expression!r}: {str(error).lower()}") from error
    except StopIteration as error:
        raise BadSchedule(f"{expression!r} never comes") from error


class Schedule:
    """When a timer runs, by a clock that may be set.

    A time that was passed over is made up once. A clock that is set back makes it run by the times that it shows then,
    instead of being silent until it shows the next one again; set back by less than the time between two runs, it does
    not run again for the time that it ran for last.
    """

    def __init__(self, expression: str, now: datetime) -> None:
        self._expression = expression
        self._ran = now
        self.next = next_run(expression, now)

    def take(self, now: datetime) -> timedelta | None:
        """Take the turn that has come and say how late it is; None before its time."""
        first = next_run(self._expression, now)
        if first < self.next and next_run(self._expression, first) <= self._ran:
            self.next = first
        if now < self.next:
            return None
        late = now - self.next
        self._ran, self.next = now, first
        return late
