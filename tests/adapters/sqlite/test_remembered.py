"""What a process remembers of what it wrote, while others may write too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.adapters.sqlite import SqliteDatabase, cache
from shared.adapters.sqlite.locks import WriteLock
from tests.support.clock import Clock
from tests.support.stores import SERVICE, a_write, always


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    """The database, as this process has it open."""
    found = SqliteDatabase(tmp_path / "slipway.db", Clock())
    yield found
    found.close()


@pytest.fixture
def other(database: SqliteDatabase, tmp_path: Path) -> Iterator[SqliteDatabase]:
    """The same, as another process has it open."""
    found = SqliteDatabase(tmp_path / "slipway.db", Clock())
    yield found
    found.close()


def decide(database: SqliteDatabase, *events: str) -> None:
    """Decide something for each event."""
    for event in events:
        database.store.transact(SERVICE, event, always(a_write()))


def recent(database: SqliteDatabase, *, after: int = 0) -> list[int]:
    """Read the ledger as somebody does who does not judge it."""
    return [row.sequence for row in database.store.ledger(SERVICE, after=after, most=99, exact=False)]


def test_entries_that_are_remembered_are_those_of_the_ledger(database: SqliteDatabase) -> None:
    """Byte for byte, with the hash of the one before."""
    decide(database, "e1", "e2", "e3")

    remembered = database.store.ledger(SERVICE, after=1, most=1, exact=False)

    assert remembered == database.store.ledger(SERVICE, after=1, most=1)
    assert database.store._cache.recent_entries(SERVICE, 1) is not None


def test_an_entry_of_another_process_is_not_left_out(database: SqliteDatabase, other: SqliteDatabase) -> None:
    """Neither while nobody has written since, nor where this process wrote before and after it."""
    decide(database, "e1")
    decide(other, "e2")
    assert recent(database) == [1, 2]

    decide(database, "e3")

    assert recent(database) == [1, 2, 3]


def test_entries_that_are_remembered_no_more_are_read(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the older ones of a service, and of a service that there is no room for."""
    monkeypatch.setattr(cache, "_RECENT_ENTRIES", 2)
    decide(database, "e1", "e2", "e3")

    assert recent(database) == [1, 2, 3]
    assert database.store._cache.recent_entries(SERVICE, 0) is None


@pytest.mark.parametrize("what", ["entries", "the state"])
def test_what_is_remembered_is_taken_only_after_it_was_found_to_hold(
    database: SqliteDatabase, other: SqliteDatabase, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Another process may write, and this one after it, between the two."""
    decide(database, "e1")
    ours = WriteLock.ours

    def both_write(lock: WriteLock) -> bool:
        monkeypatch.setattr(WriteLock, "ours", ours)
        decide(other, "e2")
        decide(database, "e3")
        return lock.ours

    monkeypatch.setattr(WriteLock, "ours", property(both_write))

    newest = recent(database)[-1] if what == "entries" else database.store.read(SERVICE).sequence

    assert newest == 3
