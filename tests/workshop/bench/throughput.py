"""Transitions a second: the engine, the functions in the local host, and the doors over HTTP, each beside its floor.

On a file the floor is the same rows in the same grouping, written by a bare loop without anything of ours around it.
"""

from __future__ import annotations

import logging
import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from shared.adapters.sqlite import SqliteDatabase
from shared.adapters.sqlite.schema import connect, prepare
from shared.app.parts import App
from shared.app.views.ledger import verify_ledger
from shared.bootstrap import Database, utc_now
from shared.codec.ledger import ENTRIES
from shared.domain.values.names import ServiceKey
from tests.workshop.bench.figures import Report, in_folder, percentile
from tests.workshop.bench.story import BareEngine, Doors, HttpDoors, Story, Told, logging_to
from tests.workshop.bench.world import REPOSITORY, Quiet, configure, hosted, names_of, quiet, wire

RUNS = 3
ENGINE, FUNCTIONS, HTTP = "engine", "functions", "http"
_GOALS = {(ENGINE, 1): 1500, (ENGINE, 20): 5000, (FUNCTIONS, 1): 1000, (FUNCTIONS, 20): 4000}
_MOVES = (" → ", ": Validating ")
_WRITES = ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run on an empty store. `cpu` in seconds, `rss` in MiB at its highest; `commits` and `grown` (bytes) of a file."""

    told: Told
    transitions: int
    decisions: int
    cpu: float
    rss: float
    commits: int
    grown: int

    @property
    def rate(self) -> float:
        """Decisions that moved a phase, a second."""
        return self.transitions / self.told.seconds

    def release(self, percent: float) -> float:
        """Milliseconds that a release takes."""
        return percentile(self.told.each, percent) * 1000


@contextmanager
def _opened(
    kind: str, database: Database, folder: Path, outside: Quiet, services: int, around: Callable[[App], App]
) -> Iterator[tuple[App, Doors]]:
    if kind == ENGINE and isinstance(database, SqliteDatabase):
        database.recover()
        app = wire(database, outside, folder / "scratch")
        pool = BareEngine(app, database.queues)
        try:
            yield app, Doors(app)
        finally:
            pool.stop()
            database.close()
        return
    with hosted(folder, outside, database, bare=kind == ENGINE, around=around) as host:
        if kind == HTTP:
            with closing(HttpDoors(host, outside, min(services, 16))) as doors:
                yield host.app, doors
        else:
            yield host.app, Doors(host.app)


def run(
    kind: str,
    services: int,
    versions: int,
    folder: Path,
    *,
    database: Database | None = None,
    warm: int = 1,
    mark: Callable[[], object] = lambda: None,
    around: Callable[[App], App] = lambda app: app,
) -> Run:
    """Tell the story on an empty store, with `mark` after the warm-up and after its end.

    Raise RuntimeError where rows or ledger are not as they must be.
    """
    names, opened = names_of(services), database or SqliteDatabase(folder / "slipway.db", utc_now)
    outside, file = quiet(names), isinstance(opened, SqliteDatabase)
    with (
        open(folder / "log", "w", encoding="utf-8") as log,
        logging_to(logging.StreamHandler(log)),
        _opened(kind, opened, folder, outside, services, around) as (app, doors),
    ):

        def counted() -> tuple[int, int, int, int]:
            entries, grown = _entries(app, names), _size(folder) if file else 0
            return (*entries, opened.commits if isinstance(opened, SqliteDatabase) else 0, grown)

        configure(app)
        story = Story(outside, doors, names)
        if warm:
            story.tell(warm)
        before = counted()
        mark()
        cpu = time.process_time()
        told = story.tell(versions)
        cpu = time.process_time() - cpu
        commits = opened.commits if isinstance(opened, SqliteDatabase) else 0
        mark()
        after = counted()
        _check(app, names, told, versions)
    decisions, transitions, _, grown = (new - old for new, old in zip(after, before, strict=True))
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    commits -= before[2]
    return Run(told=told, transitions=transitions, decisions=decisions, cpu=cpu, rss=rss, commits=commits, grown=grown)


def measure(report: Report, *, kind: str, at_once: tuple[int, ...], releases: int) -> None:
    """Three runs with so many releases at a time, about `releases` in all."""
    for services in at_once:
        report.say(f"{kind}: {services} releases at a time")
        versions = max(2, releases // services)
        warm = max(1, versions // 10)
        runs = [in_folder(partial(run, kind, services, versions, warm=warm)) for _ in range(RUNS)]
        floor = in_folder(partial(_floor, services, min(versions, 20)))

        def figure(name: str, of: Callable[[Run], float], unit: str, runs: list[Run] = runs, **more: Any) -> None:
            report.runs(f"{name}/{kind}", [of(one) for one in runs], unit, concurrency=services, **more)  # noqa: B023

        goal = _GOALS.get((kind, services))
        figure("transitions", lambda one: one.rate, "1/s", floor=floor, goal=goal, better="up")
        figure("release_p50", lambda one: one.release(50), "ms", goal=10 if services == 1 else None)
        figure("release_p95", lambda one: one.release(95), "ms")
        figure("release_p99", lambda one: one.release(99), "ms")
        figure("cpu", lambda one: one.cpu / one.transitions * 1e6, "us/transition")
        figure("rss", lambda one: one.rss, "MiB")
        figure("bytes", lambda one: one.grown / len(one.told.each), "B/release", goal=3000)
        figure("fsyncs", lambda one: one.commits / one.transitions, "1/transition")
        figure("decisions_a_commit", lambda one: one.decisions / one.commits, "", better="up")


class _Recorder:
    """A connection that remembers what each transaction wrote."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.groups: list[list[tuple[str, str, Any]]] = [[]]

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        """See sqlite3."""
        if sql.startswith(_WRITES):
            self.groups[-1].append(("execute", sql, values))
        elif sql == "COMMIT":
            self.groups.append([])
        return self._connection.execute(sql, values)

    def executemany(self, sql: str, values: Any) -> sqlite3.Cursor:
        """See sqlite3."""
        rows = list(values)
        self.groups[-1].append(("executemany", sql, rows))
        return self._connection.executemany(sql, rows)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def _floor(services: int, versions: int, folder: Path) -> float:
    """Record what a run of the engine writes, write the same again in a bare loop, and return transitions a second."""
    database = SqliteDatabase(folder / "slipway.db", utc_now)
    recorder = database.watch(_Recorder)
    recorded = run(ENGINE, services, versions, folder, database=database, warm=0)
    with closing(connect(folder / "bare.db")) as connection:
        prepare(connection, folder / "bare.db")
        began = time.perf_counter()
        for group in recorder.groups[:-1]:
            connection.execute("BEGIN IMMEDIATE")
            for method, sql, values in group:
                getattr(connection, method)(sql, values)
            connection.execute("COMMIT")
        return recorded.transitions / (time.perf_counter() - began)


def _size(folder: Path) -> int:
    """Bytes of the database, those that are still in its log included."""
    with closing(sqlite3.connect(folder / "slipway.db")) as connection:
        pages, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages) * int(size)


def _entries(app: App, names: list[str]) -> tuple[int, int]:
    """How many decisions the ledgers hold, and how many of them moved a phase."""
    every = moved = 0
    for name in names:
        after = 0
        while rows := app.store.ledger(str(ServiceKey(REPOSITORY, name)), after=after, most=1000):
            after = rows[-1].sequence
            notes = ["".join(ENTRIES.decode(row.body).notes) for row in rows]
            every += len(rows)
            moved += sum(any(move in note for move in _MOVES) for note in notes)
    return every, moved


def _check(app: App, names: list[str], told: Told, versions: int) -> None:
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
