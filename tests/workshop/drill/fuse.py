"""Notes every boundary that a host passes, and kills it at the one that was planned."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.mortal import Boundaries
from tests.workshop.drill.boundaries import Death, Place, Work


class HostFuse(Boundaries[Place]):
    """Knows which work the current thread does. `life` counts the starts of the host over one folder."""

    def __init__(self, log: Path, life: int, death: Death | None) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self.life, self._death = life, death
        self._passed: dict[tuple[str, Place], set[str]] = defaultdict(set)
        self._lock = threading.Lock()
        self._thread = threading.local()
        self._pending: list[Work] = []

    @property
    def work(self) -> Work | None:
        """What this thread does at present."""
        found: Work | None = getattr(self._thread, "work", None)
        return found

    def begin(self, work: Work | None) -> None:
        """From now on this thread does that."""
        self._thread.work = work

    @contextmanager
    def doing(self, work: Work | None) -> Iterator[None]:
        """Within the block this thread does that."""
        before = self.work
        self.begin(work)
        try:
            yield
        finally:
            self.begin(before)

    @contextmanager
    def within(self, work: Work, before: Place | None, after: Place) -> Iterator[None]:
        """Within the block this thread does that, between a boundary before and one after; a call that raises has no after."""
        with self.doing(work), self.around(before, after):
            yield

    def cross(self, where: Place, work: Work | None = None) -> None:
        """Note that the current work is at a place; what nobody asked for is not noted."""
        work = work or self.work
        if work is None:
            return
        with self._lock:
            passed = self._passed[work.kind, where]
            first = work.id not in passed
            passed.add(work.id)
            dies = first and self._is_here(work.kind, where, len(passed))
            self._note(work, where, dies=dies)
            if dies:
                self._die(where)

    def decided(self, work: Work) -> None:
        """Note that a work decided something, in the transaction that is under way."""
        self._pending.append(work)

    def ended(self, *, kept: bool) -> None:
        """The transaction is on disk, and nobody has been told; or it is undone."""
        pending, self._pending = dict.fromkeys(self._pending), []
        for work in pending if kept else ():
            self.cross(Place.ON_DISK, work)

    def _is_here(self, kind: str, place: Place, count: int) -> bool:
        death = self._death
        if death is None or (death.kind, death.nth) != (kind, count):
            return False
        return death.place == (Place.IN_ACT if death.place == Place.IN_ACT and place is Place.BEFORE_ACT else place)

    def _note(self, work: Work, place: Place, *, dies: bool) -> None:
        line = {"life": self.life, "kind": work.kind, "id": work.id, "place": place, "at": time.monotonic()}
        # One write each, so that lines are whole; what a killed process wrote stays in the kernel's cache.
        os.write(self._log, (json.dumps({**line, "dies": True} if dies else line) + "\n").encode())

    def _die(self, place: Place) -> None:
        death = self._death
        if death is not None and death.place == Place.IN_ACT and place is Place.BEFORE_ACT:
            timer = threading.Timer(death.after, _kill)
            timer.daemon = True
            timer.start()
        else:
            _kill()


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
