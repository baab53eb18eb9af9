"""The Store port in memory, and the other ports beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from shared.adapters.storage import packing, partition
from shared.adapters.storage.due_hints import take_out
from shared.adapters.storage.message_leases import running_time
from shared.adapters.storage.optimistic import OptimisticTransactions
from shared.adapters.storage.packing import Batch
from shared.adapters.storage.partitions import Snapshot
from shared.ports.store import Committed, Due, DueRow, LedgerHead, LedgerRow, Loaded, Write
from tests.contracts.memory.queues import ApartQueues, MemoryQueues
from tests.contracts.memory.rows import MemoryEvidence, MemoryRows
from tests.contracts.memory.table import Table


class MemoryStore:
    """Services, rows, evidence and queues of one process, gone with it; `apart`: queues as a storage account has them."""

    def __init__(
        self, now: Callable[[], datetime], *, elapsed: Callable[[], timedelta] = running_time, apart: bool = False
    ) -> None:
        self._now = now
        self._services = Table()
        self._due: dict[str, DueRow] = {}
        self._names = Table()
        self._others = Table()
        self._transactions = OptimisticTransactions(self, now)
        self.rows = MemoryRows(self._others)
        self.evidence = MemoryEvidence()
        self.queues = (ApartQueues if apart else MemoryQueues)(self._services, elapsed=elapsed)

    @property
    def store(self) -> MemoryStore:
        """The Store itself, named as the other databases name it."""
        return self

    def recover(self) -> None:
        """Do nothing: no earlier host left anything behind."""

    def close(self) -> None:
        """Stop handing out messages."""
        self.queues.close()

    def transact(
        self,
        service: str,
        event_id: str,
        fn: Callable[[Loaded], Write | None],
        *,
        seen_for: timedelta = timedelta(days=30),
    ) -> Committed:
        """See Store."""
        return self._transactions.run(service, event_id, fn, seen_for)

    def check(self) -> None:
        """See Store. Who can be read can be written."""

    def forget(self, service: str, keys: Sequence[str]) -> bool:
        """See Store."""
        there = [key for key in partition.outbox_keys(keys) if self._services.get(service, key) is not None]
        self._services.remove(service, there)
        return bool(there)

    def read(self, service: str, *, exact: bool = True) -> Loaded:
        """See Store."""
        return self._transactions.read(service, exact=exact)

    def row(self, service: str, key: str) -> bytes | None:
        """See Store."""
        return None if partition.is_own(key) else self.fetch(service, [key])[key]

    def range(self, service: str, start: str, end: str, *, most: int) -> Sequence[tuple[str, bytes]]:
        """See Store."""
        rows = self._services.query(service, start, end).items()
        return [(key, value) for key, value in rows if not partition.is_own(key)][:most]

    def ledger(self, service: str, *, after: int, most: int, exact: bool = True) -> Sequence[LedgerRow]:
        """See Store."""
        rows = self._services.query(service, partition.ledger_key(after + 1), partition.LEDGER + partition.EVER)
        return [packing.unpack_ledger(key, value) for key, value in rows.items()][:most]

    def services(self, *, after: str = "", most: int, prefix: str = "") -> Sequence[str]:
        """See Store."""
        found = self._names.query("names", *partition.names_range(after, prefix))
        return [name for name in found if name not in (after, partition.ESTATE)][:most]

    def sequences(self, services: Sequence[str]) -> Mapping[str, int]:
        """See Store."""
        return packing.sequences({name: self._services.get(name, partition.HEAD) for name in services})

    def heads(self, services: Sequence[str]) -> Mapping[str, LedgerHead]:
        """See Store."""
        return packing.heads({name: self._services.get(name, partition.HEAD) for name in services})

    def due(self, now: datetime, *, most: int) -> Sequence[DueRow]:
        """See Store."""
        return [self._due[key] for key in sorted(self._due) if self._due[key].at <= now][:most]

    def add_due(self, service: str, due: Due) -> str:
        """See Store."""
        key = partition.due_key(service, due)
        partition.check_key(key)
        self._due[key] = DueRow(key=key, service=service, at=due.at, what=due.what)
        return key

    def remove_due(self, keys: Sequence[str], *, decided: bool = True) -> None:
        """See Store."""
        if decided:
            take_out(self, keys)
        for key in keys:
            self._due.pop(key, None)

    def prune(self, service: str, *, most: int) -> int:
        """See Store."""
        end = partition.EXPIRY + partition.utc_text(self._now()) + partition.EVER
        expired = list(self._services.query(service, partition.EXPIRY, end).items())[:most]
        marks = [packing.unpack_expiry(key, value) for key, value in expired]
        self._services.remove(service, [*marks, *(key for key, _ in expired)])
        return len(marks)

    def snapshot(self, service: str, *, exact: bool = True) -> Snapshot:
        """Read the range `1~` and the estate."""
        with self._services.lock:
            rows = self._services.query(service, partition.CURRENT, partition.CURRENT_END)
            estate = self._services.query(partition.ESTATE, partition.CURRENT, partition.CURRENT_END)
            head = self._services.get(service, partition.HEAD)
        return Snapshot(packing.unpack_range(rows, estate), head[1] if head else None, packing.due_hint(rows))

    def fetch(self, service: str, keys: Iterable[str]) -> Mapping[str, bytes | None]:
        """Read single rows."""
        found = {key: self._services.get(service, key) for key in keys}
        return {key: row[0] if row else None for key, row in found.items()}

    def hint(self, service: str, due: tuple[Due, ...], *, new: bool) -> None:
        """Write the hints that go before the batch."""
        if new:
            self._names.put("names", service, b"")
        for one in due:
            self.add_due(service, one)

    def head(self, service: str) -> tuple[bytes, str] | None:
        """Read a head with its etag."""
        return self._services.get(service, partition.HEAD)

    def replace_head(self, service: str, value: bytes, etag: str) -> None:
        """Write a head if it is as it was read."""
        self._services.commit(service, Batch(head=value), etag)

    def commit(self, service: str, batch: Batch, etag: str | None) -> None:
        """Write the batch whole or not at all."""
        self._services.commit(service, batch, etag)
