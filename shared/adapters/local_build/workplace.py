"""A build's own folder: who works in it, what is left of earlier tries, what came of it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path

from shared.adapters.local_build import leftovers
from shared.adapters.local_build.disk import remove

_KEPT_FOR = timedelta(days=30)


class Workplace:
    """The folder of one order, named by the hash of its id."""

    def __init__(self, root: Path, order_id: str) -> None:
        self.root = root
        self.folder = root / hashlib.sha256(order_id.encode()).hexdigest()[:32]
        self.result = self.folder / "result.json"
        self._scratch = self.folder / "scratch"
        self._mark = self.folder / "cancelled"

    def taken(self) -> AbstractContextManager[bool]:
        """Take the place; False where another thread or process has it. A host that dies gives it back."""
        return _taken(self.folder)

    def cleared(self) -> Path:
        """End what an earlier try left running, and return an empty folder to work in."""
        leftovers.end(self._scratch / leftovers.NOTE)
        remove(self._scratch)
        self._scratch.mkdir(parents=True)
        return self._scratch

    def close(self) -> None:
        """Remove what the build needed, and places that are too old for anybody to ask for."""
        remove(self._scratch)
        oldest = time.time() - _KEPT_FOR.total_seconds()
        for place in self.root.iterdir():
            if place.stat().st_mtime < oldest:
                # By a clock that was set forward every place is old, also one that somebody works in.
                with _taken(place) as free:
                    if free:
                        remove(place)

    def cancel(self) -> None:
        """Mark the build as not wanted any more, unless it has ended."""
        if not self.result.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            self._mark.touch()

    def cancelled(self) -> bool:
        """Whether somebody marked it, before the build began or since."""
        return self._mark.exists()


@contextmanager
def _taken(folder: Path) -> Iterator[bool]:
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(lock)
