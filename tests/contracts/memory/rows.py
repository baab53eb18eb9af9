"""Rows and Evidence in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from shared.adapters.storage.evidence import changed
from shared.ports.errors import NotFound
from shared.ports.rows import Row, StaleRow
from tests.contracts.memory.table import Table


class MemoryRows:
    """Small records outside the services' partitions."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, partition: str, key: str) -> Row | None:
        """See Rows."""
        found = self._table.get(partition, key)
        return Row(key=key, value=found[0], etag=found[1]) if found else None

    def put(self, partition: str, key: str, value: bytes, *, etag: str | None) -> str:
        """See Rows."""
        with self._table.lock:
            self._check(partition, key, etag)
            return self._table.put(partition, key, value)

    def overwrite(self, partition: str, key: str, value: bytes) -> None:
        """See Rows."""
        self._table.put(partition, key, value)

    def delete(self, partition: str, key: str, *, etag: str) -> None:
        """See Rows."""
        with self._table.lock:
            self._check(partition, key, etag)
            self._table.remove(partition, [key])

    def list(self, partition: str, *, prefix: str = "") -> Sequence[Row]:
        """See Rows."""
        with self._table.lock:
            found = (self.get(partition, key) for key in self._table.query(partition, prefix, prefix + "\U0010ffff"))
            return [row for row in found if row is not None]

    def list_each(self, partitions: Sequence[str], *, prefix: str) -> Mapping[str, Sequence[Row]]:
        """See Rows."""
        return {partition: self.list(partition, prefix=prefix) for partition in partitions}

    def _check(self, partition: str, key: str, etag: str | None) -> None:
        found = self._table.get(partition, key)
        if (found[1] if found else None) != etag:
            raise StaleRow(f"row {key} of {partition} was changed by somebody else; read it again")


class MemoryEvidence:
    """Immutable values under their hash."""

    def __init__(self) -> None:
        self._values: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        """See Evidence."""
        name = hashlib.sha256(content).hexdigest()
        self._values[name] = bytes(content)
        return name

    def get(self, sha256: str) -> bytes:
        """See Evidence."""
        if sha256 not in self._values:
            raise NotFound(
                f"no evidence {sha256} is kept; it was never stored, or the store was restored from before it"
            )
        content = self._values[sha256]
        if hashlib.sha256(content).hexdigest() != sha256:
            raise NotFound(changed(sha256))
        return content
