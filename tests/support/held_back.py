"""A SQLite database on which work is held back until somebody needs the disk, and a disk that can be full."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.sqlite import SqliteDatabase, flusher
from shared.adapters.sqlite.submission import Transaction
from shared.ports.queues import Received
from shared.ports.store import OutboxRow
from tests.support.clock import Clock
from tests.support.stores import MINUTE, SERVICE, a_message, a_write, always

QUEUE, EFFECTS = "slipway-events", "slipway-deploy"
AT_ONCE = {QUEUE: 9, EFFECTS: 9}


class Disk:
    """The connection that writes. `full` says how often each statement still fails."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.full: dict[str, int] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        """Execute a statement, or fail as a full disk does."""
        if self.full.get(statement, 0):
            self.full[statement] -= 1
            raise sqlite3.OperationalError("database or disk is full")
        return self._connection.execute(statement, *values)


@contextmanager
def holding_back(folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[SqliteDatabase, Disk]]:
    """Open a host's database on which nothing is flushed for the reason alone that it has lain a moment."""
    monkeypatch.setattr(flusher, "_SECONDS", 3600.0)
    database = SqliteDatabase(folder / "slipway.db", clock, elapsed=clock.elapsed)
    disk = database.watch(Disk)
    database.recover()
    try:
        yield database, disk
    finally:
        assert not elsewhere(database.close)


def taken(database: SqliteDatabase) -> Received:
    """Take the next message as a thread of the worker pool does."""
    found = database.queues.receive_any(AT_ONCE, visibility=MINUTE)
    assert found is not None
    return found


def kept(folder: Path) -> tuple[int, list[str]]:
    """What a crash at this moment would leave: how many decisions, and which messages."""
    with closing(sqlite3.connect(folder / "slipway.db")) as connection:
        [decisions] = connection.execute("SELECT count(*) FROM ledger").fetchone()
        return decisions, [body for (body,) in connection.execute("SELECT body FROM message ORDER BY body")]


def elsewhere(work: Callable[[], object]) -> list[BaseException]:
    """Do something in a thread that works for no message, and return what it raised."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return errors


def fail_together(database: SqliteDatabase) -> None:
    """Let another's work in the same transaction fail after it wrote, so that all of it is rolled back."""

    def bad(transaction: Transaction) -> None:
        transaction.execute("INSERT INTO record VALUES ('p', 'k', x'00', '')")
        raise LookupError("too late")

    [error] = elsewhere(lambda: database.store._writer.submit(bad))
    assert isinstance(error, LookupError)


def flush(database: SqliteDatabase) -> None:
    """Let somebody need the disk, who brings there what is held back."""
    elsewhere(lambda: database.rows.overwrite("p", "k", b"x"))


def decide(database: SqliteDatabase, event: str, *effects: str, looks: bool = False) -> tuple[OutboxRow, ...]:
    """Commit a decision with effects, and return their rows."""
    outbox = [a_message(body, looks=looks) for body in effects]
    return database.store.transact(SERVICE, event, always(a_write(outbox=outbox))).outbox
