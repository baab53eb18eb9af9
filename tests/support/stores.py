"""Every store under the contract suites, opened for one test, and builders of decisions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

from shared.adapters.azure_storage import AzureStorage
from shared.adapters.sqlite import SqliteDatabase
from shared.ports.evidence import Evidence
from shared.ports.queues import PoolReceiver, QueueReceiver, Queues, Received
from shared.ports.rows import Rows
from shared.ports.store import Due, Loaded, Message, Store, Write
from tests.contracts.memory.store import MemoryStore
from tests.support import azurite
from tests.support.clock import Clock
from tests.workshop.azurite.calls import ONE_RANGE
from tests.workshop.azurite.proxy import StorageProxy

TABLES = pytest.param("tables", marks=pytest.mark.real("azurite"))
LOCAL = ("memory", "sqlite")
ALL = (*LOCAL, TABLES)
OPTIMISTIC = ("memory", TABLES)

SERVICE = "shipping~delivery"
MINUTE = timedelta(minutes=1)


class BothEnds(Queues, QueueReceiver, Protocol):
    """Sending and receiving by one object."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The ports of one database; what a store does not have (yet) is missing."""

    clock: Clock
    database: Any
    proxy: StorageProxy | None = None
    prefix: str = ""

    def requests(self, work: Callable[[], object]) -> list[str]:
        """Do the work and return the kinds of requests it took, where they are counted."""
        assert self.proxy is not None
        self.proxy.clear()
        work()
        return [call.kind for call in self.proxy.calls]

    @property
    def store(self) -> Store:
        """The services' partitions."""
        found: Store = self.database.store
        return found

    @property
    def rows(self) -> Rows:
        """Rows outside of them."""
        found: Rows = self.database.rows
        return found

    @property
    def evidence(self) -> Evidence:
        """Large values."""
        found: Evidence = self.database.evidence
        return found

    @property
    def queues(self) -> BothEnds:
        """Sending and receiving."""
        found: BothEnds = self.database.queues
        return found

    @property
    def pool(self) -> PoolReceiver:
        """Receiving by threads that come back, where the store can."""
        found: PoolReceiver = self.database.queues
        return found


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Opened]:
    """Open an empty store of a kind and close it afterwards."""
    clock = Clock()
    proxy: StorageProxy | None = None
    prefix = ""
    database: Any
    if kind == "memory":
        database = MemoryStore(clock, elapsed=clock.elapsed)
    elif kind == "sqlite":
        database = SqliteDatabase(folder / "slipway.db", clock, elapsed=clock.elapsed)
        database.recover()
    else:
        proxy = azurite.proxy()
        azurite.empty_queues()
        prefix = azurite.new_prefix()
        database = AzureStorage.of_connection(proxy.connection, clock, prefix=prefix, elapsed=clock.elapsed)
        proxy.clear()
    try:
        yield Opened(clock=clock, database=database, proxy=proxy, prefix=prefix)
    finally:
        database.close()
    if proxy is not None:
        wide = [call.filter for call in proxy.calls if call.kind == "query" and not ONE_RANGE.fullmatch(call.filter)]
        assert not wide, f"a query of more than a range of one partition was sent: {wide}"


def a_write(
    *,
    puts: Mapping[str, bytes] | None = None,
    deletes: frozenset[str] = frozenset(),
    entry: bytes = b'{"schema":1}',
    outbox: Sequence[Message] = (),
    done: frozenset[str] = frozenset(),
    due: Sequence[Due] = (),
    mark: bool = True,
) -> Write:
    """Build a decision; its ledger entry is the same bytes whatever went before."""
    return Write(
        puts=puts or {},
        deletes=deletes,
        ledger=lambda sequence, previous: entry,
        outbox=tuple(outbox),
        done=done,
        due=tuple(due),
        mark=mark,
    )


def always(write: Write | None) -> Callable[[Loaded], Write | None]:
    """Decide this, whatever was loaded."""
    return lambda loaded: write


def a_message(
    body: str = "body", *, queue: str = "slipway-deploy", delay: timedelta = timedelta(0), looks: bool = False
) -> Message:
    """Build an effect."""
    return Message(queue=queue, body=body, delay=delay, looks=looks)


def receive_one(queues: QueueReceiver, queue: str = "slipway-deploy", *, wait: timedelta = timedelta(0)) -> Received:
    """Receive a message that must be there."""
    (message,) = queues.receive(queue, most=1, visibility=MINUTE, wait=wait)
    return message


def receive_none(queues: QueueReceiver, queue: str = "slipway-deploy") -> bool:
    """Whether no message is to be seen now."""
    return not queues.receive(queue, most=1, visibility=MINUTE, wait=timedelta(0))


def in_a_thread(work: Callable[[], object]) -> None:
    """Let another worker of this process do something, and wait for it."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
