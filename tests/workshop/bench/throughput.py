"""Transitions a second: the engine, the functions in the local host, and the doors over HTTP, each beside its floor.

The floor: what a run asked of its store, asked again of an empty one without anything of ours around it.
"""

from __future__ import annotations

import resource
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from shared.adapters.sqlite import SqliteDatabase
from shared.adapters.sqlite.schema import connect, prepare
from shared.app.parts import App
from shared.app.views.ledger import verify_ledger
from shared.bootstrap import Database, utc_now
from shared.codec.ledger import ENTRIES
from shared.codec.state import ENDED_RELEASE
from shared.domain.values.names import ServiceKey
from tests.support.mortal import Watched
from tests.workshop.bench.figures import Report, in_folder, milliseconds, percentile
from tests.workshop.bench.large import large_store
from tests.workshop.bench.outside import Quiet, Shape
from tests.workshop.bench.story import Doors, HttpDoors, Story, log_goes_to
from tests.workshop.bench.world import ENGINE, FUNCTIONS, HTTP, configure, hosted

_GOALS = {(ENGINE, 1): 1500, (ENGINE, 20): 5000, (FUNCTIONS, 1): 1000, (FUNCTIONS, 20): 4000}
_MOVES = (" → ", ": Validating ")


class MeasuredStore:
    """What runs are measured on: here a file of SQLite's. `name` begins the names of figures; the goal may be a part of the floor."""

    name = ""
    part_of_floor: float | None = None

    @contextmanager
    def opened(self, folder: Path, noted: list[Any] | None = None) -> Iterator[Database]:
        """Open an empty one, and note what is asked of it."""
        database = SqliteDatabase(folder / "slipway.db", utc_now)

        def note(method: str, arguments: Sequence[Any]) -> tuple[AbstractContextManager[object], Sequence[Any]]:
            sql, *values = arguments
            given = [sql, *map(list if method == "executemany" else tuple, values)]
            if noted is not None and not sql.startswith(("SELECT", "PRAGMA")):
                noted.append((method, given))
            return nullcontext(), given

        if noted is not None:
            methods = ("execute", "executemany")
            database.watch(lambda connection: Watched(connection, dict(zip(methods, methods, strict=True)), note))
        yield database

    @contextmanager
    def again(self, folder: Path, noted: Sequence[Any]) -> Iterator[Callable[[Sequence[Any], int], None]]:
        """Open an empty one to be asked again, part by part and by so many threads; a file is written by one, as the product does."""
        with closing(connect(folder / "bare.db")) as connection:
            prepare(connection, folder / "bare.db")

            def ask(part: Sequence[Any], threads: int) -> None:
                for method, arguments in part:
                    getattr(connection, method)(*arguments)

            yield ask

    @contextmanager
    def outliving(self, folder: Path, services: int) -> Iterator[tuple[Shape, str]]:
        """One that outlives the host; return what is in it, and how it is connected to. In a file a release of each service has ended."""
        shape = Shape(services, 1, 1)
        large_store(shape, folder)
        yield shape, ""


FILE = MeasuredStore()
_UNITS: Mapping[str, str] = {
    "transitions": "1/s",
    "release_p50": "ms",
    "release_p95": "ms",
    "release_p99": "ms",
    "cpu": "us/transition",
    "rss": "MiB",
    "bytes": "B/release",
    "fsyncs": "1/transition",
    "decisions_a_commit": "",
}
Run = Mapping[str, Any]  # the values of these, how many transitions there were, and what was marked


def measure(
    report: Report,
    *,
    kinds: Sequence[str],
    at_once: Sequence[int],
    releases: int,
    runs: int = 3,
    store: MeasuredStore = FILE,
) -> None:
    """So many runs with so many releases at a time, about `releases` in all, each beside the floor of the same minutes."""
    for services in at_once:
        versions = max(3, releases // services)
        report.say(f"{store.name}{', '.join(kinds)}: {services} releases at a time, {services * versions} in a run")
        found: dict[str, list[Run]] = {kind: [] for kind in kinds}
        for _ in range(runs):
            for kind, made in found.items():
                made.append(in_folder(partial(_once, kind, services, versions, store)))
        # Afterwards, as what is noted takes memory that a run would be said to take.
        floor = median([in_folder(partial(_floor, services, min(versions, 20), store)) for _ in range(runs)])
        for kind, made in found.items():
            _add(report, store, kind, services, made, floor)


def _add(report: Report, store: MeasuredStore, kind: str, services: int, runs: Sequence[Run], floor: float) -> None:
    goals: dict[str, float | None] = {"transitions": _GOALS.get((kind, services)), "bytes": 3000}
    goals["release_p50"] = 10 if services == 1 else None
    if store.part_of_floor:
        goals = {"transitions": floor * store.part_of_floor}
    for name, unit in _UNITS.items():
        if values := [one[name] for one in runs if name in one]:
            beside = {"floor": floor, "note": f"{median(values) / floor:.0%} of it"} if name == "transitions" else {}
            better, goal = "up" if name in ("transitions", "decisions_a_commit") else "down", goals.get(name)
            whole = f"{store.name}{name}/{kind}"
            report.add(whole, values, unit, concurrency=services, goal=goal, better=better, **beside)


def _once(kind: str, services: int, versions: int, store: MeasuredStore, folder: Path) -> Run:
    with store.opened(folder) as database:
        return run(kind, Shape(services), versions, folder, database, lambda: None)


def _floor(services: int, versions: int, store: MeasuredStore, folder: Path) -> float:
    """Note what a run of the engine asks for, ask for the same again, and return transitions a second."""
    noted: list[Any] = []
    with store.opened(folder, noted) as database:
        ran = run(ENGINE, Shape(services), versions, folder, database, lambda: len(noted))
    with store.again(folder, noted) as make:
        make(noted[: ran["warm"]], 1)
        took = milliseconds(lambda: make(noted[ran["warm"] : ran["end"]], services))
        return float(ran["count"] / took * 1000)


def run(kind: str, shape: Shape, versions: int, folder: Path, database: Database, mark: Callable[[], object]) -> Run:
    """Tell the story on an empty store, which is checked then; with `mark` asked after the warm-up and after the end."""
    outside, keys = Quiet(shape), shape.every()
    with (
        open(folder / "log", "w", encoding="utf-8") as log,
        log_goes_to(partial(print, file=log, flush=True)),
        hosted(folder, outside, database, kind) as host,
        closing(HttpDoors(host, outside, min(shape.services, 16)) if kind == HTTP else Doors(host.app)) as doors,
    ):
        configure(host.app)
        story = Story(outside, doors, keys)
        story.tell(max(1, versions // 10))
        begun, before = host.app.store.sequences([str(key) for key in keys]), _written(database, folder)
        warm = mark()
        began, cpu = time.perf_counter(), time.process_time()
        each = story.tell(versions)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        commits, grown = (new - old for new, old in zip(_written(database, folder), before, strict=True))
        end = mark()
        judged = [_judge(host.app, key, begun[str(key)], versions) for key in keys]
    decisions, transitions = (sum(each) for each in zip(*judged, strict=True))
    of_file = {
        "bytes": grown / len(each),
        "fsyncs": commits / transitions,
        "decisions_a_commit": decisions / max(commits, 1),
    }
    return {
        "warm": warm,
        "end": end,
        "count": transitions,
        "transitions": transitions / seconds,
        **{f"release_p{percent}": 1000 * percentile(each, percent) for percent in (50, 95, 99)},
        "cpu": 1e6 * cpu / transitions,
        "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **(of_file if commits else {}),
    }


def _written(database: Database, folder: Path) -> tuple[int, int]:
    """Commits so far, and bytes of the file, those that are still in its log included; nothing of an account."""
    if not isinstance(database, SqliteDatabase):
        return 0, 0
    with closing(sqlite3.connect(folder / "slipway.db")) as connection:
        query = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        return database.commits, connection.execute(query).fetchone()[0]


def _judge(app: App, key: ServiceKey, after: int, versions: int) -> tuple[int, int]:
    """Verify a ledger and count the ended releases; return how many decisions it holds since, and how many of them moved a phase."""
    checked = verify_ledger(app, key)
    if not checked.intact:
        raise RuntimeError(checked.fault)
    ended = app.store.range(str(key), ENDED_RELEASE, f"{ENDED_RELEASE}~", most=100_000)
    if len(ended) < versions:
        raise RuntimeError(f"{key} has {len(ended)} ended releases, and not {versions}")
    rows = app.store.ledger(str(key), after=after, most=1_000_000)
    notes = ["".join(ENTRIES.decode(row.body).notes) for row in rows]
    return len(rows), sum(any(move in one for move in _MOVES) for one in notes)
