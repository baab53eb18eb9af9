"""Rows and Evidence on SQLite."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from shared.adapters.sqlite.readers import Readers
from shared.adapters.sqlite.submission import Transaction
from shared.adapters.sqlite.writer import Writer
from shared.adapters.storage import partition as layout
from shared.adapters.storage.evidence import changed
from shared.ports.errors import NotFound
from shared.ports.rows import Row, StaleRow

_END = "\U0010ffff"
_MOST_KNOWN = 4096
_ROW = "key, value, etag FROM record"
_PUT = (
    "INSERT INTO record VALUES (?, ?, ?, ?) "
    "ON CONFLICT (partition, key) DO UPDATE SET value = excluded.value, etag = excluded.etag"
)

_KEEP = (
    "INSERT INTO evidence VALUES (?, ?) "
    "ON CONFLICT (sha256) DO UPDATE SET content = excluded.content WHERE content <> excluded.content"
)


class SqliteRows:
    """Small records outside the services' partitions."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer, self._readers = writer, readers

    def get(self, partition: str, key: str) -> Row | None:
        """See Rows."""
        query = f"SELECT {_ROW} WHERE partition = ? AND key = ?"
        with self._readers.lent() as connection:
            found = connection.execute(query, (partition, key)).fetchone()
        return _row(found) if found else None

    def put(self, partition: str, key: str, value: bytes, *, etag: str | None) -> str:
        """See Rows."""
        new = self._checked(partition, key, value)

        def work(transaction: Transaction) -> str:
            _require(transaction, partition, key, etag)
            transaction.execute(_PUT, (partition, key, value, new))
            return new

        return self._writer.submit(work)

    def overwrite(self, partition: str, key: str, value: bytes) -> None:
        """See Rows."""
        new = self._checked(partition, key, value)

        def work(transaction: Transaction) -> None:
            transaction.execute(_PUT, (partition, key, value, new))

        self._writer.submit(work)

    def delete(self, partition: str, key: str, *, etag: str) -> None:
        """See Rows."""

        def work(transaction: Transaction) -> None:
            _require(transaction, partition, key, etag)
            transaction.execute("DELETE FROM record WHERE partition = ? AND key = ?", (partition, key))

        self._writer.submit(work)

    def list(self, partition: str, *, prefix: str = "") -> Sequence[Row]:
        """See Rows."""
        query = f"SELECT {_ROW} WHERE partition = ? AND key >= ? AND key < ? ORDER BY key"
        with self._readers.snapshot() as connection:
            return [_row(found) for found in connection.execute(query, (partition, prefix, prefix + _END))]

    def list_each(self, partitions: Sequence[str], *, prefix: str) -> Mapping[str, Sequence[Row]]:
        """See Rows."""
        places = ",".join("?" * len(partitions))
        query = (
            f"SELECT partition, {_ROW} WHERE partition IN ({places}) AND key >= ? AND key < ? ORDER BY partition, key"
        )
        each: dict[str, list[Row]] = {partition: [] for partition in partitions}
        with self._readers.snapshot() as connection:
            for partition, *found in connection.execute(query, (*partitions, prefix, prefix + _END)):
                each[partition].append(_row(found))
        return each

    def _checked(self, partition: str, key: str, value: bytes) -> str:
        layout.check_key(partition)
        layout.check_key(key)
        layout.check_value(key, value)
        return uuid.uuid4().hex


class SqliteEvidence:
    """Immutable values under their hash."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer, self._readers = writer, readers
        self._there: set[str] = set()  # nothing is ever removed

    def put(self, content: bytes) -> str:
        """See Evidence."""
        name = hashlib.sha256(content).hexdigest()
        if name not in self._there:
            # Whatever refers to it for the same message is kept or lost together with it.
            self._writer.submit_deferred(partial(self._keep, name, content))
        return name

    def _keep(self, name: str, content: bytes, transaction: Transaction) -> None:
        transaction.execute(_KEEP, (name, content))
        transaction.afterwards.append(partial(self._is_there, name))  # on disk first: only then is it known

    def _is_there(self, name: str) -> None:
        if len(self._there) >= _MOST_KNOWN:
            self._there.clear()
        self._there.add(name)

    def get(self, sha256: str) -> bytes:
        """See Evidence."""
        # Seldom is it this thread's own and not on disk yet.
        content = self._stored(sha256, own=False) or self._stored(sha256, own=True)
        if content is None:
            self._there.discard(sha256)
            raise NotFound(
                f"no evidence {sha256} is kept; it was never stored, or the store was restored from before it"
            )
        if hashlib.sha256(content).hexdigest() != sha256:
            self._there.discard(sha256)
            raise NotFound(changed(sha256))
        return content

    def _stored(self, sha256: str, *, own: bool) -> bytes | None:
        with self._readers.lent(own=own) as connection:
            found = connection.execute("SELECT content FROM evidence WHERE sha256 = ?", (sha256,)).fetchone()
        return found[0] if found else None


def _require(transaction: Transaction, partition: str, key: str, etag: str | None) -> None:
    query = "SELECT etag FROM record WHERE partition = ? AND key = ?"
    found = transaction.execute(query, (partition, key)).fetchone()
    if (found[0] if found else None) != etag:
        raise StaleRow(f"row {key} of {partition} was changed by somebody else; read it again")


def _row(found: Sequence[Any]) -> Row:
    return Row(key=found[0], value=found[1], etag=found[2])
