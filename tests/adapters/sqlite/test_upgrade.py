"""A file that an older version wrote: everything in it is there afterwards."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from shared.adapters.sqlite import SqliteDatabase, schema
from shared.codec.chain import GENESIS, link
from shared.ports.store import Due, Loaded, Write
from tests.support.clock import NOON, Clock
from tests.support.stores import MINUTE, a_write, receive_one

SERVICE = "shipping~delivery"
ENTRY = b'{"at":"2026-11-23T12:00:00.000000Z","schema":1}'
HASH = link(GENESIS, ENTRY)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file of version 1 with a row of everything."""
    file = tmp_path / "slipway.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(schema._VERSIONS[0])
        connection.execute("PRAGMA user_version = 1")
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute("INSERT INTO head VALUES (?, 1, ?)", (SERVICE, HASH))
        rows = [(SERVICE, "1~policy", b"p"), (SERVICE, "2~release~x", b'{"schema":1}')]
        connection.executemany("INSERT INTO state VALUES (?, ?, ?)", rows)
        connection.execute("INSERT INTO ledger VALUES (?, 1, ?, ?, ?)", (SERVICE, GENESIS, HASH, ENTRY))
        until = schema.microseconds(NOON + 60 * MINUTE)
        connection.execute("INSERT INTO seen VALUES (?, 'e1', 1, ?)", (SERVICE, until))
        at = schema.microseconds(NOON)
        connection.execute("INSERT INTO due VALUES ('x', ?, ?, 'deadline')", (SERVICE, at))
        connection.execute("INSERT INTO due VALUES ('y', 'shipping~new', ?, 'request')", (at,))
        key = "1~outbox~00000000000000000001~00"
        row = (key, "slipway-deploy", "one", 0, at, 0, None, None)
        connection.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (SERVICE, *row))
        connection.execute(
            "INSERT INTO message VALUES ('', 'door', 'slipway-events', 'two', 0, ?, 0, NULL, NULL)", (at,)
        )
        connection.execute("INSERT INTO record VALUES ('shipping', 'config', x'01', 'e')")
        connection.execute("INSERT INTO record VALUES ('said~shipping', 'c', x'01', 'e')")
        connection.execute("INSERT INTO evidence VALUES ('00', x'02')")
    return file


def test_an_older_file_is_read_as_it_was(old: Path) -> None:
    """State, ledger, marks, hints, messages and records; the notes of statuses that were said are not needed any more."""
    database = SqliteDatabase(old, Clock())
    database.recover()
    loaded: list[Loaded] = []

    def look(seen: Loaded) -> Write:
        loaded.append(seen)
        return a_write()

    first = database.store.transact(SERVICE, "e1", look)

    assert (loaded[0].sequence, loaded[0].ledger_hash, dict(loaded[0].rows)) == (1, HASH, {"1~policy": b"p"})
    assert (first.duplicate, first.sequence, first.ledger_hash, len(first.outbox)) == (True, 1, HASH, 1)
    [entry] = database.store.ledger(SERVICE, after=0, most=9)
    assert (entry.previous, entry.hash, entry.body) == (GENESIS, HASH, ENTRY)
    assert database.store.row(SERVICE, "2~release~x") == b'{"schema":1}'
    assert [(one.service, one.at) for one in database.store.due(NOON, most=9)] == [
        (SERVICE, NOON),
        ("shipping~new", NOON),
    ]
    assert receive_one(database.queues, "slipway-deploy").body == "one"
    assert receive_one(database.queues, "slipway-events").body == "two"
    assert [row.key for row in database.rows.list("shipping")] == ["config"]
    assert database.rows.list("said~shipping") == []
    assert list(database.store.services(most=9)) == [SERVICE]
    database.close()


def test_an_older_file_is_written_on(old: Path) -> None:
    """The chain goes on from its last hash, and a service that only a hint named can be written too."""
    database = SqliteDatabase(old, Clock())
    database.store.transact(SERVICE, "e2", lambda loaded: a_write(entry=json.dumps({"schema": 1}).encode()))
    database.store.add_due("shipping~new", Due(at=NOON, what="x"))
    database.store.transact("shipping~new", "e1", lambda loaded: a_write())

    assert [row.previous for row in database.store.ledger(SERVICE, after=0, most=9)] == [GENESIS, HASH]
    assert [row.sequence for row in database.store.ledger("shipping~new", after=0, most=9)] == [1]
    database.close()
