"""How long after `kill -9` releases that were under way go on, and how long until all of them are done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.workshop.bench.figures import Figure, Report, median_of
from tests.workshop.bench.generator import CACHE, copy_store, large_store
from tests.workshop.bench.killing import HostProcess, host_process
from tests.workshop.bench.shape import Shape

MOMENT = 0.02  # seconds that each copy and each deployment takes
_GOALS = {("recovery_first", 50): 0.5, ("recovery_all_done", 50): 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """Seconds from the start of the new process; `left` releases were under way when the old one was killed."""

    imported: float
    listens: float
    first: float
    all_move: float
    all_done: float
    left: int


def measure(report: Report, *, at_once: Sequence[int] = (50, 200), runs: int = 3, cache: Path = CACHE) -> None:
    """So many releases at a time, each with one that ended before it."""
    for services in at_once:
        report.say(f"recovery: kill -9 with {services} releases under way")
        shape = Shape(services, services, 1)
        store = large_store(shape, cache)
        found = []
        for _ in range(runs):
            with TemporaryDirectory(dir=cache) as folder:
                copy_store(store, Path(folder))
                found.append(recover(Path(folder), shape))
        add(report, services, found)


def recover(folder: Path, shape: Shape, connection: str = "") -> Recovered:
    """Kill a host in the middle of it, start another, and wait until every release has ended."""
    with host_process(folder, shape, begin=shape.services, moment=MOMENT, connection=connection) as killed:
        # All of them have begun, some have come further.
        killed.until("begun")
        killed.kill()
    ended = _ended(killed)
    left = shape.services - len(ended)
    with host_process(folder, shape, moment=MOMENT, connection=connection) as again:
        while len(ended | _ended(again)) < shape.services:
            again.next()
        last = again.heard[-1].at

        def after(word: str) -> float:
            return again.until(word).at - again.started

        return Recovered(
            imported=after("imported"),
            listens=after("listens"),
            first=after("moved"),
            all_move=max(one.at for one in again.heard if one.word == "moved" and one.about not in ended)
            - again.started,
            all_done=last - again.started,
            left=left,
        )


def _ended(process: HostProcess) -> set[str]:
    return {one.about for one in process.heard if one.word == "ended"}


def add(report: Report, services: int, found: Sequence[Recovered], *, store: str = "") -> None:
    """Report what was found, under the store's name where it has one."""
    start = median_of([one.imported for one in found])
    listens = median_of([one.listens for one in found])
    left = median_of([float(one.left) for one in found])
    notes = {
        "recovery_first": f"Python and imports {start:.2f} s, listens after {listens:.2f} s",
        "recovery_all_move": f"{left:.0f} were under way",
        "recovery_all_done": f"{left:.0f} were under way",
    }
    values = {
        "recovery_first": tuple(one.first for one in found),
        "recovery_all_move": tuple(one.all_move for one in found),
        "recovery_all_done": tuple(one.all_done for one in found),
    }
    for name, runs in values.items():
        report.add(
            Figure(
                name=store + name,
                value=median_of(runs),
                unit="s",
                concurrency=services,
                goal=_GOALS.get((name, services)) if not store else None,
                better="down",
                runs=runs,
                note=notes[name],
            )
        )
