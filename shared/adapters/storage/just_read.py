"""What a thread has just read, for the decision that it makes of it."""

from __future__ import annotations

import threading
import time
from typing import Generic, TypeVar

T = TypeVar("T")

_FRESH = 5.0  # seconds; holds by people lie elsewhere and have no etag here


class JustRead(Generic[T]):
    """Keeps for each thread the last thing that it read, for a moment, and gives it out once."""

    def __init__(self) -> None:
        self._of = threading.local()

    def keep(self, name: str, value: T) -> None:
        """Remember what was read under a name, in place of what was before it."""
        self._of.kept = (name, value, time.monotonic())

    def take(self, name: str) -> T | None:
        """Return what was read under this name, if that was the last and not long ago, and forget it."""
        kept: tuple[str, T, float] | None = getattr(self._of, "kept", None)
        self._of.kept = None
        if kept is None or kept[0] != name or time.monotonic() - kept[2] > _FRESH:
            return None
        return kept[1]
