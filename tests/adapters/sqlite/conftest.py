"""A host's database on which work is held back, for tests of what is kept or lost together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.adapters.sqlite import SqliteDatabase
from shared.ports.queues import Received
from tests.support.clock import Clock
from tests.support.held_back import QUEUE, Disk, holding_back, taken


@pytest.fixture
def clock() -> Clock:
    """The time on the wall, and the time that runs."""
    return Clock()


@pytest.fixture
def opened(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[SqliteDatabase, Disk]]:
    """A host's database on which work is held back, and its disk."""
    with holding_back(tmp_path, clock, monkeypatch) as found:
        yield found


@pytest.fixture
def database(opened: tuple[SqliteDatabase, Disk]) -> SqliteDatabase:
    """The database."""
    return opened[0]


@pytest.fixture
def disk(opened: tuple[SqliteDatabase, Disk]) -> Disk:
    """The disk, which has room."""
    return opened[1]


@pytest.fixture
def message(database: SqliteDatabase) -> Received:
    """A message that this thread has taken, and works for from now on."""
    database.queues.send(QUEUE, "the message")
    return taken(database)
