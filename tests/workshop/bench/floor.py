"""The floor: the same rows in the same grouping, written by a bare loop, without anything of ours around it."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from shared.adapters.sqlite import SqliteDatabase
from shared.adapters.sqlite.schema import connect, prepare
from shared.app.inspect_push import inspect_push
from shared.bootstrap import utc_now
from shared.domain.events import PushReceived
from tests.workshop.bench.driver import QueueDoors, Story
from tests.workshop.bench.engine import BareEngine
from tests.workshop.bench.source import MAIN, names_of
from tests.workshop.bench.wiring import REPOSITORY, quiet, wire

_WRITES = ("INSERT", "UPDATE", "DELETE")
_RELEASE = 10  # transitions


class _Recorder:
    """A connection that remembers what each transaction wrote."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.groups: list[list[tuple[str, str, Any]]] = []
        self._group: list[tuple[str, str, Any]] = []

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        """See sqlite3."""
        if sql.startswith(_WRITES):
            self._group.append(("execute", sql, values))
        elif sql == "COMMIT":
            self.groups.append(self._group)
            self._group = []
        return self._connection.execute(sql, values)

    def executemany(self, sql: str, values: Any) -> sqlite3.Cursor:
        """See sqlite3."""
        rows = list(values)
        self._group.append(("executemany", sql, rows))
        return self._connection.executemany(sql, rows)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def measure(services: int, versions: int, folder: Path) -> float:
    """Record what a run of the engine writes, write the same again in a bare loop, and return transitions a second."""
    groups = _recorded(folder / "recorded", services, versions)
    with closing(connect(_empty(folder / "bare.db"))) as connection:
        prepare(connection, folder / "bare.db")
        began = time.perf_counter()
        for group in groups:
            connection.execute("BEGIN IMMEDIATE")
            for method, sql, values in group:
                getattr(connection, method)(sql, values)
            connection.execute("COMMIT")
        return services * versions * _RELEASE / (time.perf_counter() - began)


def _empty(file: Path) -> Path:
    file.unlink(missing_ok=True)
    return file


def _recorded(folder: Path, services: int, versions: int) -> list[list[tuple[str, str, Any]]]:
    folder.mkdir()
    names = names_of(services)
    outside = quiet(names)
    database = SqliteDatabase(folder / "slipway.db", utc_now)
    recorder = database.watch(_Recorder)
    database.recover()
    app = wire(database, outside, folder / "scratch")
    inspect_push(app, PushReceived(id="configuration", repository=REPOSITORY, ref=MAIN))
    crew = BareEngine(app, database.queues)
    try:
        Story(outside, QueueDoors(app), names).tell(versions)
    finally:
        crew.stop()
        database.close()
    return recorder.groups
