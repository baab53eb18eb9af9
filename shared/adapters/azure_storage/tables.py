"""The Store port on Azure Tables."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from shared.adapters.azure_storage.partitions import TablePartitions
from shared.adapters.azure_storage.table import Table
from shared.adapters.azure_storage.trouble import failures_named
from shared.adapters.storage import packing, partition
from shared.adapters.storage.due_hints import take_out
from shared.adapters.storage.optimistic import OptimisticTransactions
from shared.ports.store import Committed, Due, DueRow, LedgerHead, LedgerRow, Loaded, Write

_NAMES, _DUE = "names", "due"
_TOGETHER = partition.MOST_ROWS // 2  # a mark and what says when it goes


class TableStore:
    """Services in one table, the lists of their names and of hints in another."""

    def __init__(
        self, services: Table, lists: Table, now: Callable[[], datetime], elapsed: Callable[[], timedelta]
    ) -> None:
        self._services, self._lists, self._now = services, lists, now
        self._partitions = TablePartitions(services, self._hint, elapsed)
        self._transactions = OptimisticTransactions(self._partitions, now)

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
        with failures_named(service):
            return self._services.delete_all(service, partition.outbox_keys(keys))

    def read(self, service: str, *, exact: bool = True) -> Loaded:
        """See Store."""
        return self._transactions.read(service, exact=exact)

    def row(self, service: str, key: str) -> bytes | None:
        """See Store."""
        return None if partition.is_own(key) else self._partitions.fetch(service, [key])[key]

    def range(self, service: str, start: str, end: str, *, most: int) -> Sequence[tuple[str, bytes]]:
        """See Store."""
        with failures_named(service):
            rows = self._services.query(service, start, end, page=most)
            callers = ((key, value) for key, value, _ in rows if not partition.is_own(key))
            return list(itertools.islice(callers, most))

    def ledger(self, service: str, *, after: int, most: int, exact: bool = True) -> Sequence[LedgerRow]:  # noqa: ARG002 - it always is
        """See Store."""
        start, end = partition.ledger_key(after + 1), partition.LEDGER + partition.EVER
        with failures_named(service):
            return [
                packing.unpack_ledger(key, value)
                for key, value, _ in self._services.query(service, start, end, most=most)
            ]

    def services(self, *, after: str = "", most: int, prefix: str = "") -> Sequence[str]:
        """See Store. A service whose first decision failed at the last moment is named too."""
        start, end = partition.names_range(after, prefix)
        with failures_named(_NAMES):
            # Two more than asked: `after` itself and the estate may be among them.
            found = [key for key, _, _ in self._lists.query(_NAMES, start, end, most=most + 2)]
        return [name for name in found if name not in (after, partition.ESTATE)][:most]

    def sequences(self, services: Sequence[str]) -> Mapping[str, int]:
        """See Store. A request for each."""
        with failures_named(_NAMES):
            return packing.sequences({name: self._services.get(name, partition.HEAD) for name in services})

    def heads(self, services: Sequence[str]) -> Mapping[str, LedgerHead]:
        """See Store. A request for each."""
        with failures_named(_NAMES):
            return packing.heads({name: self._services.get(name, partition.HEAD) for name in services})

    def due(self, now: datetime, *, most: int) -> Sequence[DueRow]:
        """See Store."""
        end = partition.utc_text(now) + partition.EVER
        with failures_named(_DUE):
            return [packing.unpack_due(key, value) for key, value, _ in self._lists.query(_DUE, "", end, most=most)]

    def add_due(self, service: str, due: Due) -> str:
        """See Store."""
        self._hint(service, (due,), False)
        return partition.due_key(service, due)

    def remove_due(self, keys: Sequence[str], *, decided: bool = True) -> None:
        """See Store."""
        if decided:
            take_out(self._partitions, keys)
        with failures_named(_DUE):
            for key in keys:
                self._lists.delete(_DUE, key)

    def prune(self, service: str, *, most: int) -> int:
        """See Store."""
        end = partition.EXPIRY + partition.utc_text(self._now()) + partition.EVER
        removed = 0
        with failures_named(service):
            expired = list(self._services.query(service, partition.EXPIRY, end, most=most))
            for start in range(0, len(expired), _TOGETHER):
                some = expired[start : start + _TOGETHER]
                marks = [packing.unpack_expiry(key, value) for key, value, _ in some]
                self._services.delete_all(service, [*marks, *(key for key, *_ in some)])
                removed += len(some)
        return removed

    def _hint(self, service: str, due: tuple[Due, ...], new: bool) -> None:
        with failures_named(service):
            if new:
                self._lists.put(_NAMES, service, b"")
            for one in due:
                key = partition.due_key(service, one)
                partition.check_key(key)
                self._lists.put(_DUE, key, packing.pack_due(service, one))
