"""The clock of tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is moved, or set: then it shows another time while none has passed."""

    def __init__(self, time: datetime = NOON) -> None:
        self.time = time
        self._passed = timedelta(0)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.time += by
        self._passed += by

    def set(self, by: timedelta) -> None:
        """Put the hands forward or back."""
        self.time += by

    def elapsed(self) -> timedelta:
        """How much time has passed, whatever the hands show."""
        return self._passed
