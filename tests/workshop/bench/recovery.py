"""How long after `kill -9` releases that were under way go on, and how long until all of them are done."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from threading import Timer

from tests.support.tree import ROOT
from tests.workshop.bench.figures import CACHE, Report, in_folder
from tests.workshop.bench.large import Shape, copy_store, large_store

MOMENT = 0.02  # seconds that each copy and each deployment takes
_GOALS = {("recovery_first", 50): 0.5, ("recovery_all_done", 50): 1.0}
_PATIENCE = 600.0


@dataclass(frozen=True, slots=True)
class Said:
    """A word that the host said, and when, by the clock that all processes share."""

    word: str
    at: float
    about: str


@dataclass(slots=True)
class HostProcess:
    """A local host as a process of its own, heard while it lives. `started` is the moment before it was made."""

    process: subprocess.Popen[str]
    started: float
    heard: list[Said] = field(default_factory=list)

    def next(self) -> Said:
        """Wait for the next word; raise RuntimeError where the process is gone."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the host said nothing more; it said {[one.word for one in self.heard[-5:]]}")
        word, at, about = line.rstrip("\n").split(" ", 2)
        self.heard.append(Said(word, float(at), about))
        return self.heard[-1]

    def until(self, word: str) -> Said:
        """Wait for a word, said already or not."""
        while (found := next((one for one in self.heard if one.word == word), None)) is None:
            self.next()
        return found

    def kill(self) -> None:
        """End it as a crash would, and take in what it had said."""
        self.process.kill()
        self.process.wait()
        while True:
            try:
                self.next()
            except (RuntimeError, ValueError):  # the last line may have been cut short
                return

    def ended(self) -> set[str]:
        """The services whose release it said to have ended."""
        return {one.about for one in self.heard if one.word == "ended"}


@contextmanager
def host_process(
    folder: Path, shape: Shape, *, first: int = 0, begin: int = 0, moment: float = MOMENT, connection: str = ""
) -> Iterator[HostProcess]:
    """Run a host on the folder's store, or on an account; see child."""
    numbers = f"{shape.services},{shape.releases},{shape.largest}"
    arguments = [str(folder), numbers, str(first), str(begin), str(moment), connection]
    # As where people run it: what was compiled once is not compiled at the next start.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(folder.parent / "compiled")
    started = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.workshop.bench.child", *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        silent = Timer(_PATIENCE, process.kill)
        silent.start()
        try:
            yield HostProcess(process, started)
        finally:
            silent.cancel()
            process.kill()


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
    with host_process(folder, shape, begin=shape.services, connection=connection) as killed:
        # All of them have begun, some have come further.
        killed.until("begun")
        killed.kill()
    ended = killed.ended()
    with host_process(folder, shape, connection=connection) as again:
        while len(ended | again.ended()) < shape.services:
            again.next()
        last = again.heard[-1].at
        moved = [one.at for one in again.heard if one.word == "moved" and one.about not in ended]
        return Recovered(
            imported=again.until("imported").at - again.started,
            listens=again.until("listens").at - again.started,
            recovery_first=again.until("moved").at - again.started,
            recovery_all_move=max(moved) - again.started,
            recovery_all_done=last - again.started,
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
