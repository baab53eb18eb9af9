"""How long after `kill -9` releases that were under way go on, and how long until all of them are done."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple, TypeVar

from tests.support.mortal import MortalProcess
from tests.workshop.bench.figures import CACHE, Report, in_folder
from tests.workshop.bench.large import copy_store, large_store
from tests.workshop.bench.shape import Shape

MOMENT = 0.02  # seconds that each copy and each deployment takes
_GOALS = {("recovery_first", 50): 0.5, ("recovery_all_done", 50): 1.0}
_PATIENCE = 600.0
T = TypeVar("T")


class Said(NamedTuple):
    """A word that the host said, and when, by the clock that all processes share."""

    word: str
    at: float
    about: str


class HostProcess(MortalProcess):
    """A host on the folder's store, or on an account; see child. `started` is the moment before it was made."""

    def __init__(self, folder: Path, shape: Shape, *, first: int = 0, begin: int = 0, connection: str = "") -> None:
        numbers = f"{shape.services},{shape.releases},{shape.largest}"
        more = [str(folder), numbers, str(first), str(begin), str(MOMENT), connection]
        # As where people run it: what was compiled once is not compiled at the next start.
        compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder.parent / "compiled")}
        command = [sys.executable, "-m", "tests.workshop.bench.child", *more]
        super().__init__(folder / "host.log", lambda _: command, environment={**os.environ, **compiled})
        self.started, self._seen = time.monotonic(), self.log.stat().st_size if self.log.exists() else 0

    @property
    def heard(self) -> list[Said]:
        """All that it has said so far, whole lines only."""
        with self.log.open(encoding="utf-8") as log:
            log.seek(self._seen)
            lines = [line.rstrip("\n").split(" ", 2) for line in log if line.endswith("\n")]
        return [Said(word, float(at), about) for word, at, about in lines]

    def until(self, word: str) -> Said:
        """Wait for a word, said already or not."""
        return self.wait_for(lambda heard: next((one for one in heard if one.word == word), None))

    def wait_for(self, found: Callable[[list[Said]], T | None]) -> T:
        """Wait until what it said has something; raise RuntimeError where it does not come."""
        end = time.monotonic() + _PATIENCE
        while (what := found(self.heard)) is None:
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"the host says nothing more; see {self.log.read_text()[-1000:]}")
            time.sleep(0.005)
        return what

    def ended(self) -> set[str]:
        """The services whose release it said to have ended."""
        return {one.about for one in self.heard if one.word == "ended"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """Seconds from the start of the new process; `left` releases were under way when the old one was killed."""

    imported: float
    listens: float
    recovery_first: float
    recovery_all_move: float
    recovery_all_done: float
    left: int


def measure(report: Report, *, at_once: Sequence[int] = (50, 200), runs: int = 3, cache: Path = CACHE) -> None:
    """So many releases at a time, each with one that ended before it."""
    for services in at_once:
        report.say(f"recovery: kill -9 with {services} releases under way")
        shape = Shape(services, services, 1)
        store = large_store(shape, cache)

        def once(folder: Path, shape: Shape = shape, store: Path = store) -> Recovered:
            copy_store(store, folder)
            return recover(folder, shape)

        add(report, services, [in_folder(partial(once), cache) for _ in range(runs)])


def recover(folder: Path, shape: Shape, connection: str = "") -> Recovered:
    """Kill a host in the middle of it, start another, and wait until every release has ended."""
    with HostProcess(folder, shape, begin=shape.services, connection=connection) as killed:
        # All of them have begun, some have come further.
        killed.until("begun")
        killed.kill()
    ended = killed.ended()
    with HostProcess(folder, shape, connection=connection) as again:
        again.wait_for(lambda heard: len(ended | again.ended()) == shape.services or None)
        heard = again.heard
        moved = [one.at for one in heard if one.word == "moved" and one.about not in ended]
        return Recovered(
            imported=again.until("imported").at - again.started,
            listens=again.until("listens").at - again.started,
            recovery_first=again.until("moved").at - again.started,
            recovery_all_move=max(moved) - again.started,
            recovery_all_done=max(one.at for one in heard if one.word == "ended") - again.started,
            left=shape.services - len(ended),
        )


def add(report: Report, services: int, found: Sequence[Recovered], *, store: str = "") -> None:
    """Report what was found, under the store's name where it has one."""
    start, listens = median([one.imported for one in found]), median([one.listens for one in found])
    for name in ("recovery_first", "recovery_all_move", "recovery_all_done"):
        note = f"{median([one.left for one in found]):.0f} were under way"
        if name == "recovery_first":
            note = f"Python and imports {start:.2f} s, listens after {listens:.2f} s"
        goal = None if store else _GOALS.get((name, services))
        runs = [float(getattr(one, name)) for one in found]
        report.runs(store + name, runs, "s", concurrency=services, goal=goal, note=note)
