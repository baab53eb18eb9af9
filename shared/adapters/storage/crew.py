"""Threads that take messages in turn, as few of them awake as are needed.

Waking a thread costs more than most messages. Whoever is done with a message most often led to the next one and takes it
itself; a watch wakes somebody else only for what has lain a millisecond, and calls for more hands only where nothing moves.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping

_LIES = 0.001  # seconds
_LONGEST_LOOK = 0.016
_LONGEST_SLEEP = 1.0
_STILL = 3  # looks without any movement


class Crew:
    """Counts who waits and who is out. Every method is called with the lock of the messages held."""

    def __init__(self, lock: threading.Lock, next_seen: Callable[[], float | None]) -> None:
        self._lock, self._next_seen = lock, next_seen
        self._ready = threading.Condition(lock)
        self._look = threading.Condition(lock)
        self._out: dict[int, str] = {}
        self._busy: dict[str, int] = defaultdict(int)
        self._idle = self._taken = 0
        self._pause = 0.0  # until the watch looks again; it sleeps where this is 0
        self._closed = False
        self._watch: threading.Thread | None = None
        self.more_hands: Callable[[], None] = lambda: None

    def came_back(self) -> None:
        """This thread is done with what it took."""
        queue = self._out.pop(threading.get_ident(), None)
        if queue is not None:
            self._busy[queue] -= 1
        elif self._watch is None:
            self._watch = threading.Thread(target=self._keep_watch, name="queue-watch", daemon=True)
            self._watch.start()

    def goes_out(self, queue: str) -> None:
        """This thread took a message of a queue."""
        self._taken += 1
        self._out[threading.get_ident()] = queue
        self._busy[queue] += 1
        if not self._pause:
            self._look.notify()

    def with_room(self, queues: Mapping[str, int]) -> list[str]:
        """Those queues of which fewer messages are out than may be at once."""
        return [queue for queue, most in queues.items() if self._busy[queue] < most]

    def wait(self, seconds: float) -> None:
        """Wait until there may be something to take."""
        self._idle += 1
        self._ready.wait(seconds)
        self._idle -= 1

    def offered(self) -> None:
        """There may be something to take: now, where nobody is about to come back, or when the watch looks."""
        if self._idle and not self._out:
            self._ready.notify()
        if not self._pause or self._pause > 2 * _LIES:
            self._look.notify()

    def close(self) -> None:
        """Wake everybody for the last time."""
        self._closed = True
        self._ready.notify_all()
        self._look.notify_all()

    def _keep_watch(self) -> None:
        still, pause = 0, _LIES
        with self._lock:
            while not self._over():
                left = self._next_seen()
                if not self._out and (left is None or left > 0):
                    still, pause, self._pause = 0, _LIES, 0.0
                    self._look.wait(_LONGEST_SLEEP if left is None else min(left, _LONGEST_SLEEP))
                    continue
                before, self._pause = self._taken, pause
                self._look.wait(pause)
                moved, lies = self._taken != before, self._lies()
                still = still + 1 if lies and not moved else 0
                pause = _LIES if moved or lies else min(2 * pause, _LONGEST_LOOK)
                if lies and self._idle:
                    self._ready.notify()
                elif still >= _STILL:
                    self._call()

    def _lies(self) -> bool:
        left = self._next_seen()
        return left is not None and left <= 0

    def _over(self) -> bool:
        return self._closed

    def _call(self) -> None:
        self._lock.release()
        try:
            self.more_hands()
        finally:
            self._lock.acquire()
