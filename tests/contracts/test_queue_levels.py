"""How queues stand: run on every store that can tell. Nothing is taken by looking."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.azure_storage import AzureStorage
from shared.adapters.sqlite import SqliteDatabase
from shared.ports.queues import QueueLevel
from tests.support import azurite
from tests.support.host import wait_until
from tests.support.stores import TABLES

MINUTE = timedelta(minutes=1)
# Azure's services have a clock of their own.
APART = timedelta(minutes=5)


def real_time() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


@dataclass
class Queue:
    """A queue of a store, with a name of its own."""

    database: Any
    name: str

    def level(self) -> QueueLevel:
        """How it stands."""
        found: QueueLevel = self.database.queue_look.levels([self.name])[self.name]
        return found


def opened(kind: str, folder: Path) -> Any:
    """A store with the machine's clock."""
    if kind == "sqlite":
        database = SqliteDatabase(folder / "slipway.db", real_time)
        database.recover()
        return database
    return AzureStorage.of_connection(azurite.connection(), real_time)


@pytest.fixture(params=["sqlite", TABLES])
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Queue]:
    """An empty queue, which was never sent to."""
    database = opened(request.param, tmp_path)
    yield Queue(database, f"q-{uuid.uuid4().hex}")
    database.close()


def test_a_queue_that_was_never_sent_to_is_empty(queue: Queue) -> None:
    """It need not be there."""
    assert queue.level() == QueueLevel(length=0, oldest=None)


def test_a_queue_is_as_long_as_it_holds_messages(queue: Queue) -> None:
    """And as old as the first of them."""
    began = real_time()
    for body in "abc":
        queue.database.queues.send(queue.name, body)

    level = queue.level()

    assert level.length == 3
    assert level.oldest is not None
    assert abs(level.oldest - began) < APART
    assert queue.level() == level


def test_a_message_that_cannot_be_taken_yet_is_not_late(queue: Queue) -> None:
    """It is there, but nobody is to be blamed for it."""
    queue.database.queues.send(queue.name, "later", delay=timedelta(hours=1))

    assert queue.level() == QueueLevel(length=1, oldest=None)


def test_what_is_done_is_not_counted_any_more(queue: Queue) -> None:
    """Only what was acknowledged is done; SQLite writes that a moment later."""
    queue.database.queues.send(queue.name, "body")
    [message] = queue.database.queues.receive(queue.name, most=1, visibility=MINUTE, wait=MINUTE)
    held = queue.level().length

    queue.database.queues.delete(message)
    wait_until(lambda: queue.level().length == 0)

    assert held == 1
