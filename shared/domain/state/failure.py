"""A failure, as it is kept for the page that people look at first."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.domain.values.records import Record, Time

# Rows of so many hours lie together: what is read is what failed lately, however much failed before.
_HOURS = 4
SHOWN_FOR = timedelta(hours=12)
_PARTITION = "board~failed~"


class Failure(Record):
    """A status that says so: of which service (its name may be one that nobody knows), where it is said, and why."""

    repository: str
    service: str
    context: str
    commit: str
    state: str
    description: str
    at: Time


def partition_of(at: datetime) -> str:
    """Name the partition that failures of a time lie in."""
    return f"{_PARTITION}{at:%Y-%m-%dT}{at.hour // _HOURS * _HOURS:02d}"


def partitions_at(now: datetime) -> tuple[str, ...]:
    """Name those that hold what is shown now, newest first."""
    steps = SHOWN_FOR // timedelta(hours=_HOURS)
    return tuple(partition_of(now - step * timedelta(hours=_HOURS)) for step in range(steps + 1))
