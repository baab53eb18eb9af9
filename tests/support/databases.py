"""The databases that an application of the tests is put on."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from shared.adapters.sqlite import SqliteDatabase
from tests.contracts.memory.store import MemoryStore
from tests.support.clocked_azure import ClockedAzure
from tests.support.outside import Outside


def open_database(store: str, folder: Path, outside: Outside) -> Any:
    """Open the store named `memory`, `apart` (the same, with queues as an account has them), `sqlite` or `tables`, empty in an empty folder."""
    if store == "tables":
        return ClockedAzure(outside.clock, outside.clock.elapsed)
    if store in ("memory", "apart"):
        return MemoryStore(outside.clock, elapsed=outside.clock.elapsed, apart=store == "apart")
    return without_flushes(SqliteDatabase(folder / "slipway.db", outside.clock, elapsed=outside.clock.elapsed))


def without_flushes(database: SqliteDatabase) -> SqliteDatabase:
    """Become a host that does not wait for the disk: what these tests lose is a process at most, and never the power.

    A flush takes as long as ten decisions on a busy disk; what it is good for is tried where the database itself is.
    """

    def unflushed(connection: sqlite3.Connection) -> sqlite3.Connection:
        connection.execute("PRAGMA synchronous=OFF")
        return connection

    database.watch(unflushed)
    database.recover()
    return database
