"""The file: backup, versions, and what happens when it cannot be used."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.adapters.sqlite import SqliteDatabase, cache
from shared.codec.chain import link
from shared.ports.errors import NotFound
from shared.ports.store import Loaded, StoreUnavailable, Write
from tests.support.clock import Clock
from tests.support.stores import MINUTE, SERVICE, a_message, a_write, always, receive_none, receive_one


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the database lies."""
    return tmp_path / "below" / "slipway.db"


@pytest.fixture
def database(file: Path) -> Iterator[SqliteDatabase]:
    """The database, open."""
    found = SqliteDatabase(file, Clock())
    yield found
    found.close()


def test_what_was_written_is_there_when_the_file_is_opened_again(file: Path, database: SqliteDatabase) -> None:
    """State, ledger, marks, rows and evidence are on disk when the call returns."""
    database.store.transact(SERVICE, "e1", always(a_write(puts={"1~policy": b"p"})))
    database.rows.put("estate", "stop", b"s", etag=None)
    name = database.evidence.put(b"report")

    again = SqliteDatabase(file, Clock())

    assert again.store.read(SERVICE) == database.store.read(SERVICE)
    assert again.store.transact(SERVICE, "e1", always(a_write())).duplicate
    assert again.evidence.get(name) == b"report"
    again.close()


def test_the_oldest_service_is_remembered_no_more_where_there_is_no_room(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is written again takes up no more room; what is not remembered is read."""
    monkeypatch.setattr(cache, "_MOST_SERVICES", 2)
    for number, name in enumerate(("s~a", "s~b", "s~b", "s~c")):
        database.store.transact(name, f"e{number}", always(a_write()))

    remembered = [database.store._cache.committed(name) is not None for name in ("s~a", "s~b", "s~c")]
    assert remembered == [False, True, True]
    assert [database.store.read(name).sequence for name in ("s~a", "s~b", "s~c")] == [1, 2, 1]


def test_a_backup_taken_while_it_is_written_to_is_one_moment(tmp_path: Path, database: SqliteDatabase) -> None:
    """State, ledger and outbox in the copy belong together."""
    stop = threading.Event()
    written = threading.Semaphore(0)

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            puts = {"1~policy": str(number).encode()}
            database.store.transact(SERVICE, f"e{number}", always(a_write(puts=puts, outbox=[a_message()])))
            written.release()

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(20):
        written.acquire()

    database.backup(tmp_path / "copy.db")
    stop.set()
    writer.join()

    copy = SqliteDatabase(tmp_path / "copy.db", Clock())
    loaded, rows = copy.store.read(SERVICE), copy.store.ledger(SERVICE, after=0, most=1_000_000)
    copy.close()
    assert loaded.sequence == len(rows) == len(loaded.outbox) >= 20
    assert loaded.rows["1~policy"] == str(loaded.sequence).encode()
    assert all(row.hash == link(row.previous, row.body) for row in rows)
    assert loaded.ledger_hash == rows[-1].hash
    with sqlite3.connect(tmp_path / "copy.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_a_decision_may_not_use_the_store(database: SqliteDatabase) -> None:
    """It would wait for itself; it is told instead."""

    def decide(loaded: Loaded) -> Write | None:
        database.store.transact(SERVICE, "e2", always(a_write()))
        return None

    with pytest.raises(RuntimeError, match="may not use the store"):
        database.store.transact(SERVICE, "e1", decide)


def test_an_acknowledgement_of_what_is_done_writes_nothing(file: Path, database: SqliteDatabase) -> None:
    """The decision that took the report has removed the message; nothing is left to write."""
    database.recover()
    committed = database.store.transact(SERVICE, "e1", always(a_write(outbox=[a_message()])))
    message = receive_one(database.queues)
    done = frozenset({committed.outbox[0].key})
    database.store.transact(SERVICE, "e2", always(a_write(done=done)))
    watcher = sqlite3.connect(file)
    before = watcher.execute("PRAGMA data_version").fetchone()

    database.queues.delete(message)
    database.queues.count("slipway-deploy")  # comes after whatever the acknowledgement would have written

    assert watcher.execute("PRAGMA data_version").fetchone() == before
    watcher.close()


def test_an_effect_that_is_done_is_not_delivered_again(file: Path) -> None:
    """Neither when its lease runs out nor when it had not been received yet."""
    clock = Clock()
    database = SqliteDatabase(file, clock, elapsed=clock.elapsed)
    database.recover()
    committed = database.store.transact(SERVICE, "e1", always(a_write(outbox=[a_message("a"), a_message("b")])))
    receive_one(database.queues)

    done = frozenset(row.key for row in committed.outbox)
    database.store.transact(SERVICE, "e2", always(a_write(done=done)))
    clock.advance(2 * MINUTE)
    left = receive_none(database.queues)
    database.close()

    assert left


@pytest.mark.parametrize("setting", ["user_version = 99", "user_version = 3", "application_id = 7"])
def test_a_file_of_another_format_or_another_program_is_left_alone(tmp_path: Path, setting: str) -> None:
    """It says so instead of guessing."""
    connection = sqlite3.connect(tmp_path / "other.db")
    connection.execute(f"PRAGMA {setting}")
    connection.close()

    with pytest.raises(StoreUnavailable, match="another format"):
        SqliteDatabase(tmp_path / "other.db", Clock())


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """The error names the file and what to look at."""
    (tmp_path / "text.db").write_text("not a database, but long enough to be looked at as one" * 20)

    with pytest.raises(StoreUnavailable, match=r"text\.db"):
        SqliteDatabase(tmp_path / "text.db", Clock())


def test_a_closed_database_refuses_work(file: Path) -> None:
    """Closing twice is harmless; using it afterwards is told."""
    database = SqliteDatabase(file, Clock())
    database.close()
    database.close()

    with pytest.raises(StoreUnavailable, match="is closed"):
        database.store.transact(SERVICE, "e1", always(a_write()))


def test_the_commits_flush_to_disk(database: SqliteDatabase, file: Path) -> None:
    """WAL with synchronous=FULL: what is answered survives a loss of power."""
    settings = database.store._writer.submit(lambda transaction: transaction.execute("PRAGMA synchronous").fetchone())
    with sqlite3.connect(file) as connection:
        mode = connection.execute("PRAGMA journal_mode").fetchone()
    connection.close()

    assert (settings, mode) == ((2,), ("wal",))


def test_evidence_that_somebody_has_deleted_can_be_kept_again(database: SqliteDatabase, file: Path) -> None:
    """It is remembered as kept until somebody misses it."""
    name = database.evidence.put(b"manifests")
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM evidence")
    connection.close()

    with pytest.raises(NotFound, match=f"no evidence {name} is kept"):
        database.evidence.get(name)
    database.evidence.put(b"manifests")

    assert database.evidence.get(name) == b"manifests"
