"""The Evidence port on Azure Tables: a partition for each value, its bytes in rows."""

from __future__ import annotations

import hashlib

from shared.adapters.azure_storage.table import Table, entity_of
from shared.adapters.azure_storage.trouble import failures_named, patiently
from shared.adapters.storage import partition
from shared.adapters.storage.evidence import changed
from shared.ports.errors import NotFound

_TOGETHER = 45  # chunks that fit into a batch of 4 MiB, as base64
_MOST_CHUNKS = 100_000


class TableEvidence:
    """Immutable values under their hash; a value that is not whole is as good as none."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def put(self, content: bytes) -> str:
        """See Evidence."""
        name = hashlib.sha256(content).hexdigest()
        size = partition.MOST_VALUE
        chunks = [content[start : start + size] for start in range(0, len(content), size)] or [b""]
        if len(chunks) > _MOST_CHUNKS:
            raise ValueError(f"evidence of {len(content)} bytes is too large; keep a summary of it")
        with failures_named(f"evidence {name}"):
            if len(chunks) == 1:
                self._table.put(name, _key(0), content)
                return name
            rows = [("upsert", entity_of(name, _key(number), chunk)) for number, chunk in enumerate(chunks)]
            for start in range(0, len(rows), _TOGETHER):
                together = rows[start : start + _TOGETHER]
                # The same bytes under the same name: writing them twice is harmless.
                patiently(lambda together=together: self._table.batch(together))  # type: ignore[misc]
        return name

    def get(self, sha256: str) -> bytes:
        """See Evidence."""
        with failures_named(f"evidence {sha256}"):
            chunks = [value for _, value, _ in self._table.query(sha256, "", partition.EVER)]
        if not chunks:
            raise NotFound(
                f"no evidence {sha256} is kept; it was never stored, or the store was restored from before it"
            )
        content = b"".join(chunks)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise NotFound(changed(sha256))
        return content


def _key(number: int) -> str:
    return f"{number:05d}"
