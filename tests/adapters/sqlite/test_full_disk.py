"""Where nothing can be kept: a clear error, nothing half, and it goes on by itself when it can be again."""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.sqlite import SqliteDatabase
from shared.ports.store import StoreFull, StoreUnavailable
from tests.support.host import Clock, wait_until

QUEUE, ONE_MINUTE = "slipway-events", timedelta(minutes=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    """A host's database."""
    found = SqliteDatabase(tmp_path / "slipway.db", Clock())
    found.recover()
    yield found
    set_pragma(found, "query_only=OFF")
    found.close()


def set_pragma(database: SqliteDatabase, pragma: str) -> None:
    """Change how the writer's connection behaves, between two of its transactions."""
    database.store._writer._committer._connection.execute(f"PRAGMA {pragma}")


def kept(file: Path) -> int:
    """How many messages the file holds."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("SELECT count(*) FROM message").fetchone()[0])


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The warnings in the log, by name."""
    return [json.loads(record.getMessage())["event"] for record in caplog.records if record.levelno == logging.WARNING]


def test_a_full_disk_is_named_with_what_to_do(database: SqliteDatabase) -> None:
    """SQLite says the same where the file may not grow. Who was at work on a message looks again soon."""
    set_pragma(database, "max_page_count=1")

    with pytest.raises(StoreFull, match=r"the disk is full: .*slipway\.db.*; make room there") as raised:
        database.queues.send(QUEUE, "x" * 50_000)

    assert raised.value.retry_after == timedelta(seconds=5)


def test_a_store_that_can_keep_nothing_says_so_until_it_can(
    database: SqliteDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever asks has it try; the log has one line for each change."""
    database.store.check()
    set_pragma(database, "query_only=ON")
    database.store.check()  # nobody has tried to write yet
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            database.queues.send(QUEUE, "x")
    with pytest.raises(StoreUnavailable):
        database.store.check()
    assert told(caplog) == ["store.failed"]

    set_pragma(database, "query_only=OFF")
    database.store.check()

    assert told(caplog) == ["store.failed", "store.works_again"]


def test_an_acknowledgement_that_could_not_be_kept_is_kept_later(
    database: SqliteDatabase, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Else the message would lie there until the next start, and be delivered once more then."""
    database.queues.send(QUEUE, "x")
    [message] = database.queues.receive(QUEUE, most=1, visibility=ONE_MINUTE, wait=ONE_MINUTE)
    set_pragma(database, "query_only=ON")
    database.queues.delete(message)
    wait_until(lambda: told(caplog))
    assert kept(tmp_path / "slipway.db") == 1

    set_pragma(database, "query_only=OFF")

    wait_until(lambda: kept(tmp_path / "slipway.db") == 0)


def test_a_store_that_keeps_nothing_still_closes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What nobody waits for is not waited for at the end either."""
    database = SqliteDatabase(tmp_path / "slipway.db", Clock())
    database.queues.send(QUEUE, "x")
    [message] = database.queues.receive(QUEUE, most=1, visibility=ONE_MINUTE, wait=ONE_MINUTE)
    set_pragma(database, "query_only=ON")
    database.queues.delete(message)
    wait_until(lambda: told(caplog))

    with pytest.raises(StoreUnavailable):
        database.close()
