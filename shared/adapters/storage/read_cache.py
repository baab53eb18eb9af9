"""A cache of one value for each thread: what it has just read, for the decision that it makes on it."""

from __future__ import annotations

import threading
import time
from typing import Generic, TypeVar

T = TypeVar("T")

_FRESH = 5.0  # seconds; people's holds lie in another partition, and the service's etag does not show their changes


class ReadCache(Generic[T]):
    """Keeps the last value that each thread read, for a moment, and gives it out once."""

    def __init__(self) -> None:
        self._of = threading.local()

    def keep(self, name: str, value: T) -> None:
        """Remember a value under a name, in place of the value before it."""
        self._of.kept = (name, value, time.monotonic())

    def take(self, name: str) -> T | None:
        """Return and forget the last value, if it was read under this name and not long ago."""
        kept: tuple[str, T, float] | None = getattr(self._of, "kept", None)
        self._of.kept = None
        if kept is None or kept[0] != name or time.monotonic() - kept[2] > _FRESH:
            return None
        return kept[1]
