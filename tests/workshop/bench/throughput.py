"""Transitions a second: the engine, the functions in the local host, and the doors over HTTP, each beside its floor."""

from __future__ import annotations

import logging
import os
import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from shared.adapters.sqlite import SqliteDatabase
from shared.app.inspect_push import inspect_push
from shared.app.parts import App
from shared.app.views.ledger import verify_ledger
from shared.bootstrap import utc_now
from shared.codec.ledger import decode_entry
from shared.domain.events import PushReceived
from shared.domain.names import ServiceKey
from tests.workshop.bench import floor
from tests.workshop.bench.driver import Doors, HttpDoors, QueueDoors, Story, Told
from tests.workshop.bench.engine import BareEngine
from tests.workshop.bench.figures import Figure, Report, median_of, percentile
from tests.workshop.bench.source import MAIN, names_of
from tests.workshop.bench.wiring import REPOSITORY, Quiet, hosted, quiet, wire

T = TypeVar("T")
RUNS = 3
ENGINE, FUNCTIONS, HTTP = "engine", "functions", "http"
_GOALS = {
    (ENGINE, 1): 1500,
    (ENGINE, 20): 5000,
    (FUNCTIONS, 1): 1000,
    (FUNCTIONS, 20): 4000,
}
_MOVES = (" → ", ": Validating ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run on a fresh file. `cpu` in seconds, `rss` in MiB at its highest, `grown` in bytes since the warm-up."""

    told: Told
    transitions: int
    commits: int
    decisions: int
    cpu: float
    rss: float
    grown: int

    @property
    def rate(self) -> float:
        """Decisions that moved a phase, a second."""
        return self.transitions / self.told.seconds


@contextmanager
def _engine(folder: Path, outside: Quiet, services: int) -> Iterator[tuple[App, SqliteDatabase, Doors]]:
    database = SqliteDatabase(folder / "slipway.db", utc_now)
    database.recover()
    app = wire(database, outside, folder / "scratch")
    crew = BareEngine(app, database.queues)
    try:
        yield app, database, QueueDoors(app)
    finally:
        crew.stop()
        database.close()


@contextmanager
def _functions(folder: Path, outside: Quiet, services: int) -> Iterator[tuple[App, SqliteDatabase, Doors]]:
    database = SqliteDatabase(folder / "slipway.db", utc_now)
    with hosted(folder, outside, database) as host:
        yield host.app, database, QueueDoors(host.app)


@contextmanager
def _http(folder: Path, outside: Quiet, services: int) -> Iterator[tuple[App, SqliteDatabase, Doors]]:
    database = SqliteDatabase(folder / "slipway.db", utc_now)
    with hosted(folder, outside, database) as host:
        doors = HttpDoors(host.url, outside, secret=host.secret, key=host.manager.key, connections=min(services, 16))
        yield host.app, database, doors
        doors.close()


_Opened = AbstractContextManager[tuple[App, SqliteDatabase, Doors]]
_HOSTS: dict[str, Callable[[Path, Quiet, int], _Opened]] = {ENGINE: _engine, FUNCTIONS: _functions, HTTP: _http}


def run(kind: str, services: int, versions: int, folder: Path) -> Run:
    """Tell the story on a fresh file; raise RuntimeError where rows or ledger are not as they must be."""
    names = names_of(services)
    outside = quiet(names)
    with ExitStack() as stack, open(folder / "log", "w", encoding="utf-8") as log:
        stack.enter_context(logging_to(log.fileno()))
        app, database, doors = stack.enter_context(_HOSTS[kind](folder, outside, services))
        inspect_push(app, PushReceived(id="configuration", repository=REPOSITORY, ref=MAIN))
        story = Story(outside, doors, names)
        story.tell(max(1, versions // 10))
        before, size, commits = entries(app, names), _size(folder), database.commits
        cpu = time.process_time()
        told = story.tell(versions)
        cpu = time.process_time() - cpu
        commits = database.commits - commits
        after = entries(app, names)
        check(app, names, told, versions)
        grown = _size(folder) - size
    decided = {key: after[key] - before[key] for key in after}
    return Run(
        told=told,
        transitions=decided["moved"],
        commits=commits,
        decisions=decided["all"],
        cpu=cpu,
        rss=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        grown=grown,
    )


def measure(report: Report, *, kinds: tuple[str, ...], at_once: tuple[int, ...], releases: int) -> None:
    """Three runs of each kind with so many releases at a time, about `releases` in all."""
    for kind in kinds:
        for services in at_once:
            report.say(f"{kind}: {services} releases at a time")
            versions = max(2, releases // services)
            runs = [in_folder(partial(run, kind, services, versions)) for _ in range(RUNS)]
            bare = in_folder(partial(floor.measure, services, min(versions, 20)))
            _add(report, kind, services, runs, bare)


def _add(report: Report, kind: str, services: int, runs: list[Run], bare: float) -> None:
    def figure(name: str, of: Callable[[Run], float], unit: str, **more: Any) -> Figure:
        values = tuple(of(one) for one in runs)
        name = f"{name}/{kind}"
        return Figure(name=name, concurrency=services, value=median_of(values), runs=values, unit=unit, **more)

    down = {"better": "down"}
    quick = 10 if services == 1 else None
    report.add(
        figure("transitions", lambda one: one.rate, "1/s", floor=bare, goal=_GOALS.get((kind, services))),
        figure("release_p50", lambda one: _ms(one, 50), "ms", goal=quick, **down),
        figure("release_p95", lambda one: _ms(one, 95), "ms", **down),
        figure("release_p99", lambda one: _ms(one, 99), "ms", **down),
        figure("cpu", lambda one: one.cpu / one.transitions * 1e6, "us/transition", **down),
        figure("rss", lambda one: one.rss, "MiB", **down),
        figure("bytes", lambda one: one.grown / len(one.told.each), "B/release", goal=3000, **down),
        figure("fsyncs", lambda one: one.commits / one.transitions, "1/transition", **down),
        figure("decisions_a_commit", lambda one: one.decisions / one.commits, ""),
    )


def in_folder(work: Callable[[Path], T]) -> T:
    """Do something in a folder on the project's disk that is gone afterwards."""
    parent = Path(".local/bench")
    parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=parent) as folder:
        return work(Path(folder))


def _ms(one: Run, percent: float) -> float:
    return percentile(one.told.each, percent) * 1000


def _size(folder: Path) -> int:
    """Bytes of the database, those that are still in its log included."""
    with closing(sqlite3.connect(folder / "slipway.db")) as connection:
        pages, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages) * int(size)


def entries(app: App, names: list[str]) -> dict[str, int]:
    found = {"all": 0, "moved": 0}
    for name in names:
        after = 0
        while rows := app.store.ledger(str(ServiceKey(REPOSITORY, name)), after=after, most=1000):
            after = rows[-1].sequence
            notes = ["".join(decode_entry(row.body).notes) for row in rows]
            found["all"] += len(rows)
            found["moved"] += sum(any(move in note for move in _MOVES) for note in notes)
    return found


def check(app: App, names: list[str], told: Told, versions: int) -> None:
    """Rows are counted, and every ledger is verified."""
    if len(told.each) != versions * len(names):
        raise RuntimeError(f"{len(told.each)} releases ended of {versions * len(names)}")
    for name in names:
        checked = verify_ledger(app, ServiceKey(REPOSITORY, name))
        if not checked.intact:
            raise RuntimeError(checked.fault)
        ended = app.store.range(str(ServiceKey(REPOSITORY, name)), "2~release~", "2~release~\x7f", most=100_000)
        if len(ended) < versions:
            raise RuntimeError(f"{name} has {len(ended)} ended releases, and not {versions}")


@contextmanager
def logging_to(file: int) -> Iterator[None]:
    """The real log, at INFO, into a file."""
    logger = logging.getLogger("slipway")
    handler = logging.StreamHandler(os.fdopen(os.dup(file), "w"))
    level, logger.propagate = logger.level, False
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = True
        handler.stream.close()
