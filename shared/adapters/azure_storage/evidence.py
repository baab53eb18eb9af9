"""The Evidence port on Azure Tables: a partition for each value, its bytes in rows."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from shared.adapters.azure_storage.client import failures_named
from shared.adapters.azure_storage.partitions import entity_of, query
from shared.adapters.storage import partition
from shared.ports.errors import NotFound

if TYPE_CHECKING:
    from azure.data.tables import TableClient

_TOGETHER = 45  # chunks that fit into a batch of 4 MiB, as base64
_MOST_CHUNKS = 100_000


class TableEvidence:
    """Immutable values under their hash; a value that is not whole is as good as none."""

    def __init__(self, table: TableClient) -> None:
        self._table = table

    def put(self, content: bytes) -> str:
        """See Evidence."""
        name = hashlib.sha256(content).hexdigest()
        size = partition.MOST_VALUE
        chunks = [content[start : start + size] for start in range(0, len(content), size)] or [b""]
        if len(chunks) > _MOST_CHUNKS:
            raise ValueError(f"evidence of {len(content)} bytes is too large; keep a summary of it")
        rows = [("upsert", entity_of(name, f"{number:05d}", chunk)) for number, chunk in enumerate(chunks)]
        with failures_named(f"evidence {name}"):
            for start in range(0, len(rows), _TOGETHER):
                self._table.submit_transaction(rows[start : start + _TOGETHER])
        return name

    def get(self, sha256: str) -> bytes:
        """See Evidence."""
        with failures_named(f"evidence {sha256}"):
            content = b"".join(value for _, value, _ in query(self._table, sha256, "", partition.EVER))
        if hashlib.sha256(content).hexdigest() != sha256:
            raise NotFound(
                f"no evidence {sha256} is kept; it was never stored whole, or the store was restored from before it"
            )
        return content
