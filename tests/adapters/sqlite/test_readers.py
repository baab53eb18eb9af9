"""Connections for reading: as many as are needed at one time, and no more are kept than a few."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

from shared.adapters.sqlite import SqliteDatabase
from shared.adapters.sqlite.readers import Readers
from tests.support.clock import Clock


def opened(file: Path) -> int:
    """How many connections of this process have read from the file: each has its log open.

    SQLite keeps the file itself open for the next connection, because closing it would drop this process's locks.
    """
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        try:
            found += os.readlink(each) == f"{file}-wal"
        except FileNotFoundError:
            continue
    return found


def test_what_a_burst_of_readers_needed_is_closed_after_it(tmp_path: Path) -> None:
    """Each connection keeps pages of the file in memory; a host would only ever grow."""
    file = tmp_path / "slipway.db"
    database = SqliteDatabase(file, Clock())
    before = opened(file)
    readers = Readers(file)
    with ExitStack() as burst:
        for _ in range(30):
            burst.enter_context(readers.snapshot()).execute("SELECT count(*) FROM service").fetchone()
        most = opened(file) - before
    kept = opened(file) - before
    with readers.snapshot():
        again = opened(file) - before
    readers.close()

    assert most == 30
    assert 1 <= kept == again <= 20
    assert opened(file) == before
    database.close()
