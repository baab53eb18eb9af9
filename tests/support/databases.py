"""The databases that an application of the tests is put on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shared.adapters.memory import MemoryStore
from shared.adapters.sqlite import SqliteDatabase
from tests.support.clocked_azure import ClockedAzure
from tests.support.outside import Outside


def open_database(store: str, folder: Path, outside: Outside) -> Any:
    """Open the store named `memory`, `sqlite` or `tables`, empty in an empty folder."""
    if store == "tables":
        return ClockedAzure(outside.clock, outside.clock.elapsed)
    if store == "memory":
        return MemoryStore(outside.clock, elapsed=outside.clock.elapsed)
    database = SqliteDatabase(folder / "slipway.db", outside.clock, elapsed=outside.clock.elapsed)
    database.recover()
    return database
