"""Threads that take messages in turn, as few of them awake as are needed.

Waking a thread costs more than most messages. Whoever is done with a message most often led to the next one and takes it
itself; a watch wakes somebody else only for what has lain a millisecond, and calls for more hands only where nothing moves.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping

_LIES = 0.001
_LONGEST = 1.0
_STILL = 3  # looks without any movement
_MOST_DOUBLED = 5


class Crew:
    """Counts who waits and who is out. Every method but `watch` is called with the lock of the messages held."""

    def __init__(self, lock: threading.Lock, next_seen: Callable[[], float | None]) -> None:
        self._lock, self._next_seen = lock, next_seen
        self._ready = threading.Condition(lock)
        self._look = threading.Condition(lock)
        self._out: dict[int, str] = {}
        self._busy: dict[str, int] = defaultdict(int)
        self._idle = self._taken = 0
        self._asleep = self._closed = False
        self._watch: threading.Thread | None = None
        self.more_hands: Callable[[], None] = lambda: None

    def came_back(self) -> None:
        """This thread is done with what it took."""
        queue = self._out.pop(threading.get_ident(), None)
        if queue is not None:
            self._busy[queue] -= 1
        if self._watch is None:
            self._watch = threading.Thread(target=self._keep_watch, name="queue-watch", daemon=True)
            self._watch.start()

    def goes_out(self, queue: str) -> None:
        """This thread took a message of a queue."""
        self._taken += 1
        self._out[threading.get_ident()] = queue
        self._busy[queue] += 1

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
        if self._asleep:
            self._asleep = False
            self._look.notify()

    def close(self) -> None:
        """Wake everybody for the last time."""
        self._closed = True
        self._ready.notify_all()
        self._look.notify_all()

    def _keep_watch(self) -> None:
        still = 0
        with self._lock:
            while not self._over():
                left = self._next_seen()
                if left is None or left > 0:
                    still, self._asleep = 0, True
                    self._look.wait(_LONGEST if left is None else min(left, _LONGEST))
                    self._asleep = False
                    continue
                before = self._taken
                self._rest(_LIES * 2 ** min(still, _MOST_DOUBLED))
                still = still + 1 if self._taken == before else 0
                if self._over() or (self._next_seen() or 0) > 0:
                    continue
                if self._idle:
                    self._ready.notify()
                elif still >= _STILL:
                    self._call()

    def _over(self) -> bool:
        return self._closed

    def _rest(self, seconds: float) -> None:
        self._lock.release()
        try:
            time.sleep(seconds)
        finally:
            self._lock.acquire()

    def _call(self) -> None:
        self._lock.release()
        try:
            self.more_hands()
        finally:
            self._lock.acquire()
