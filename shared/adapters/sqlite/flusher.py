"""Sees to it that what waits for a commit does not wait long where nobody else commits."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Protocol

from shared.ports.store import StoreUnavailable

_SECONDS = 0.05
_AFTER_FAILURE_SECONDS = 1.0


class Flushed(Protocol):
    """What has work that waits for a commit."""

    @property
    def commits(self) -> int:
        """How many commits there were."""
        ...

    @property
    def fails(self) -> bool:
        """Whether the last write failed."""
        ...

    @property
    def waits(self) -> bool:
        """Whether there is work that waits."""
        ...

    def finish(self) -> None:
        """Commit it; raise StoreUnavailable, and then it stays due."""
        ...


class Flusher:
    """A thread that sleeps until it is asked to look (`ask`), and looks until nothing waits any more."""

    def __init__(self, flushed: Flushed, lock: threading.Lock) -> None:
        self._flushed, self._lock = flushed, lock
        self._due = threading.Event()
        self._closing = threading.Event()
        self._looks = False
        self._thread = threading.Thread(target=self._run, name="sqlite-flusher", daemon=True)
        self._thread.start()

    @property
    def looks(self) -> bool:
        """Whether it looks again anyhow and need not be asked."""
        return self._looks

    def ask(self) -> None:
        """Have it look a moment later."""
        self._due.set()

    def close(self) -> None:
        """Look no more, and wait for the thread's end."""
        self._closing.set()
        self._due.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._due.wait()
            self._due.clear()
            self._looks, commits = True, self._flushed.commits
            while self._looks and not self._closing.wait(_AFTER_FAILURE_SECONDS if self._flushed.fails else _SECONDS):
                before, commits = commits, self._flushed.commits
                # After a commit of somebody else's what waits has only just arrived.
                if commits == before and self._flushed.waits:
                    with suppress(StoreUnavailable):
                        self._flushed.finish()
                with self._lock:
                    self._looks = self._flushed.waits
