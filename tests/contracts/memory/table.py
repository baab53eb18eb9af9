"""A table in memory that can do what Azure Tables can, and nothing more."""

from __future__ import annotations

import itertools
import threading
from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping

from shared.adapters.storage import partition
from shared.adapters.storage.packing import Batch
from shared.adapters.storage.partitions import PartitionChanged
from shared.ports.store import TooLarge


class Table:
    """Partitions of rows with etags; a batch changes one partition, and a query reads one."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._etags = itertools.count(1)
        self._partitions: dict[str, dict[str, tuple[bytes, str]]] = {}
        self._order: dict[str, list[str]] = {}

    def get(self, name: str, key: str) -> tuple[bytes, str] | None:
        """Return value and etag of one row."""
        with self.lock:
            return self._partitions.get(name, {}).get(key)

    def query(self, name: str, start: str, end: str) -> Mapping[str, bytes]:
        """Return the rows of one partition with start <= key < end, in key order."""
        with self.lock:
            rows, order = self._partitions.get(name, {}), self._order.get(name, [])
            return {key: rows[key][0] for key in order[bisect_left(order, start) : bisect_left(order, end)]}

    def put(self, name: str, key: str, value: bytes) -> str:
        """Write one row whatever is there, and return its etag."""
        _check(name, {key: value})
        with self.lock:
            etag = str(next(self._etags))
            rows = self._partitions.setdefault(name, {})
            if key not in rows:
                insort(self._order.setdefault(name, []), key)
            rows[key] = (bytes(value), etag)
            return etag

    def remove(self, name: str, keys: Iterable[str]) -> None:
        """Remove rows; those that are not there are ignored."""
        with self.lock:
            rows, order = self._partitions.get(name, {}), self._order.get(name, [])
            for key in keys:
                if rows.pop(key, None) is not None:
                    del order[bisect_left(order, key)]

    def commit(self, name: str, batch: Batch, etag: str | None) -> None:
        """Write a batch whole, or raise PartitionChanged or TooLarge and write nothing."""
        rows = {partition.HEAD: batch.head, **batch.upserts, **batch.inserts}
        if len(rows) + len(batch.deletes) > partition.MOST_ROWS:
            raise TooLarge(f"a batch for {name} has {len(rows) + len(batch.deletes)} rows")
        _check(name, rows)
        with self.lock:
            there = self._partitions.get(name, {})
            head = there.get(partition.HEAD)
            if (head and head[1]) != etag or batch.inserts.keys() & there.keys() or batch.deletes - there.keys():
                raise PartitionChanged(f"{name} was changed by somebody else")
            for key, value in rows.items():
                self.put(name, key, value)
            self.remove(name, batch.deletes)


def _check(name: str, rows: Mapping[str, bytes]) -> None:
    partition.check_key(name)
    for key, value in rows.items():
        partition.check_key(key)
        partition.check_value(key, value)
