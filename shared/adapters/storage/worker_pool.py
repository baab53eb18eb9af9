"""A pool of threads that take messages, with as few of them awake as are needed.

Waking a thread costs more than most messages. So a thread that is done with a message takes the next one itself, most often
the one that its message led to. A watcher wakes another thread where messages lie and the processor has time: the threads
that are busy then wait for something outside. It asks for more threads where none is left to wake and nothing moves.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Protocol

_LIES = 0.002  # seconds
_MOVING = 0.008
_LONGEST_LOOK = 0.016
_LONGEST_SLEEP = 1.0
_STILL = 3  # looks without any movement
_BUSY = 0.8  # of a processor: Python runs one thread at a time, so more of them would only be in each other's way
_NO_QUEUE = ""


class HeldBackWork(Protocol):
    """Work of threads that is held back, to be finished for all of them at once."""

    @property
    def holds_back(self) -> bool:
        """Whether there is any."""
        ...

    def finish(self) -> None:
        """Finish it."""
        ...


class _Idle:
    """Threads that wait. The last to wait is the first to be woken: its data is still in the processor's cache."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock
        self._waiting: list[threading.Lock] = []

    def wait(self, seconds: float) -> None:
        """Wait to be woken; the lock is open meanwhile."""
        bell = threading.Lock()
        bell.acquire()
        self._waiting.append(bell)
        self._lock.release()
        try:
            bell.acquire(timeout=seconds)
        finally:
            self._lock.acquire()
            if bell in self._waiting:
                self._waiting.remove(bell)

    def wake(self) -> bool:
        """Wake one of them; return whether there was any."""
        if self._waiting:
            self._waiting.pop().release()
            return True
        return False


class WorkerPool:
    """Counts which threads wait and which are busy with a message. Every method is called with the messages' lock held."""

    def __init__(self, lock: threading.Lock, next_seen: Callable[[], float | None], work: HeldBackWork | None) -> None:
        self._lock, self._next_seen, self._work = lock, next_seen, work
        self._ready = _Idle(lock)
        self._look = threading.Condition(lock)
        self._out: dict[int, str] = {}
        self._busy: dict[str, int] = defaultdict(int)
        self._taken = self._last = 0
        self._one_is_enough = False
        self._pause = 0.0  # until the watch looks again; it sleeps where this is 0
        self._closed = False
        self._watch: threading.Thread | None = None
        self.more_hands: Callable[[], None] = lambda: None

    def came_back(self) -> None:
        """Note that this thread is done with its message."""
        queue = self._out.pop(threading.get_ident(), None)
        if queue is not None:
            self._busy[queue] -= 1
        elif self._watch is None:
            self._watch = threading.Thread(target=self._keep_watch, name="queue-watch", daemon=True)
            self._watch.start()

    def goes_out(self, queue: str) -> None:
        """Note that this thread took a message of a queue."""
        self._taken += 1
        self._last = threading.get_ident()
        self._out[self._last] = queue
        self._busy[queue] += 1
        if not self._pause:
            self._look.notify()

    def finishes(self) -> bool:
        """Finish held-back work on this thread; return whether there was any.

        The thread counts as busy meanwhile: it takes the messages that this leads to itself.
        """
        if self._work is None or not self._work.holds_back:
            return False
        self.goes_out(_NO_QUEUE)
        self._lock.release()
        try:
            self._work.finish()
        finally:
            self._lock.acquire()
            self.came_back()
        return True

    @property
    def spare(self) -> bool:
        """Whether this thread is not needed: one is enough, and the one that took the last message is soon back."""
        return self._one_is_enough and self._last in self._out

    def has_room(self, queue: str, most: int) -> bool:
        """Whether fewer messages of a queue are being worked on than may be at once."""
        return self._busy[queue] < most

    def wait(self, seconds: float) -> None:
        """Wait until there may be something to take."""
        self._ready.wait(seconds)

    def offered(self) -> None:
        """Note that there may be a message to take. Wake a thread if none is busy; else the watcher sees to it."""
        if not self._out:
            self._ready.wake()
        if not self._pause or (self._pause > _MOVING and not self._one_is_enough):
            self._look.notify()

    def close(self) -> None:
        """Wake every thread for the last time."""
        self._closed = True
        while self._ready.wake():
            pass
        self._look.notify_all()

    def _keep_watch(self) -> None:
        still, pause = 0, _LIES
        with self._lock:
            while not self._over():
                left = self._left() if not self._out else 0.0
                if left > 0:
                    still, pause, self._pause = 0, _LIES, 0.0
                    self._look.wait(left)
                    continue
                before, self._pause = self._taken, pause
                cpu, began = time.process_time(), time.monotonic()
                self._look.wait(pause)
                moved = self._taken != before
                busy = time.process_time() - cpu >= _BUSY * (time.monotonic() - began)
                self._one_is_enough = moved and busy
                # What is held back is finished by whoever is at work, unless that takes long.
                lies = not self._one_is_enough and (self._left() <= 0 or (not moved and self._holds_back()))
                still = still + 1 if lies and not moved else 0
                longest = _MOVING if moved and not self._one_is_enough else _LONGEST_LOOK
                pause = _LIES if lies else min(2 * pause, longest)
                if lies and not self._ready.wake() and still >= _STILL:
                    self._call()

    def _left(self) -> float:
        """Seconds until there is a message to take, at most as long as the watcher sleeps."""
        left = self._next_seen()
        return _LONGEST_SLEEP if left is None else min(left, _LONGEST_SLEEP)

    def _holds_back(self) -> bool:
        return self._work is not None and self._work.holds_back

    def _over(self) -> bool:
        return self._closed

    def _call(self) -> None:
        self._lock.release()
        try:
            self.more_hands()
        finally:
            self._lock.acquire()
