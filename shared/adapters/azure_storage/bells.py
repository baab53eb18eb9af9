"""A bell for each queue: what this process sends is looked for at once by those of its threads that wait."""

from __future__ import annotations

import threading
from collections import Counter


class Bells:
    """Counts how often something was put into a queue, and wakes who waits for more."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._rung: Counter[str] = Counter()
        self.silenced = False

    def ring(self, queue: str) -> None:
        """Something was put into a queue."""
        with self._changed:
            self._rung[queue] += 1
            self._changed.notify_all()

    def heard(self, queue: str) -> int:
        """How often it has rung so far; to be asked before the queue is looked into."""
        return self._rung[queue]

    def wait(self, queue: str, rung: int, seconds: float) -> bool:
        """Wait until it has rung again; whether it has, before the time was over."""
        with self._changed:
            return self._changed.wait_for(lambda: self.silenced or self._rung[queue] != rung, seconds)

    def silence(self) -> None:
        """Wake everybody for good."""
        with self._changed:
            self.silenced = True
            self._changed.notify_all()
