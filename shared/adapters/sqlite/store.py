"""The Store port on SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from shared.adapters.sqlite import reading
from shared.adapters.sqlite.cache import Cache
from shared.adapters.sqlite.queues import SqliteQueues
from shared.adapters.sqlite.readers import Readers
from shared.adapters.sqlite.schema import microseconds, moment
from shared.adapters.sqlite.writer import Transaction, Writer
from shared.adapters.storage import partition
from shared.adapters.storage.partition import Plan
from shared.ports.store import Committed, Due, DueRow, LedgerRow, Loaded, Write


class SqliteStore:
    """Services' partitions as tables; a decision runs inside the writer's group transaction."""

    def __init__(
        self,
        writer: Writer,
        readers: Readers,
        cache: Cache,
        queues: SqliteQueues,
        now: Callable[[], datetime],
    ) -> None:
        self._writer, self._readers, self._cache, self._queues, self._now = (
            writer,
            readers,
            cache,
            queues,
            now,
        )

    def transact(
        self,
        service: str,
        event_id: str,
        fn: Callable[[Loaded], Write | None],
        *,
        seen_for: timedelta = timedelta(days=30),
    ) -> Committed:
        """See Store."""
        partition.check_key(service)
        return self._writer.run(lambda transaction: self._transact(transaction, service, event_id, fn, seen_for))

    def forget(self, service: str, keys: Sequence[str]) -> None:
        """See Store."""
        gone = partition.outbox_keys(keys)
        if gone:
            self._writer.run(lambda transaction: self._forget(transaction, service, gone))

    def read(self, service: str) -> Loaded:
        """See Store."""
        with self._readers.snapshot() as connection:
            return reading.load(connection.execute, service, reading.load_estate(connection.execute))

    def row(self, service: str, key: str) -> bytes | None:
        """See Store."""
        with self._readers.snapshot() as connection:
            return reading.row(connection.execute, service, key)

    def range(self, service: str, start: str, end: str, *, most: int) -> Sequence[tuple[str, bytes]]:
        """See Store."""
        query = "SELECT key, value FROM state WHERE service = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?"
        with self._readers.snapshot() as connection:
            return connection.execute(query, (service, start, end, most)).fetchall()

    def ledger(self, service: str, *, after: int, most: int) -> Sequence[LedgerRow]:
        """See Store."""
        with self._readers.snapshot() as connection:
            return reading.ledger(connection.execute, service, after, most)

    def services(self) -> Iterator[str]:
        """See Store."""
        query = "SELECT service FROM head WHERE service <> ? ORDER BY service"
        with self._readers.snapshot() as connection:
            return iter([name for (name,) in connection.execute(query, (partition.ESTATE,))])

    def due(self, now: datetime, *, most: int) -> Sequence[DueRow]:
        """See Store."""
        query = "SELECT key, service, at, what FROM due WHERE key < ? ORDER BY key LIMIT ?"
        # Keys begin with the time; "\x7f" is behind whatever follows a time that is reached exactly.
        with self._readers.snapshot() as connection:
            rows = connection.execute(query, (partition.utc_text(now) + "\x7f", most)).fetchall()
        return [DueRow(key=key, service=service, at=moment(at), what=what) for key, service, at, what in rows]

    def add_due(self, service: str, due: Due) -> None:
        """See Store."""
        partition.check_key(partition.due_key(service, due))
        self._writer.run(lambda transaction: _insert_due(transaction, service, (due,)))

    def remove_due(self, keys: Sequence[str]) -> None:
        """See Store."""
        rows = [(key,) for key in keys]
        self._writer.run(lambda transaction: _discard(transaction.executemany("DELETE FROM due WHERE key = ?", rows)))

    def prune(self, service: str, *, most: int) -> int:
        """See Store."""
        query = "SELECT event FROM seen WHERE service = ? AND until <= ? LIMIT ?"
        with self._readers.snapshot() as connection:
            old = connection.execute(query, (service, microseconds(self._now()), most)).fetchall()
        if old:
            rows = [(service, event) for (event,) in old]
            delete = "DELETE FROM seen WHERE service = ? AND event = ?"
            self._writer.run(lambda transaction: _discard(transaction.executemany(delete, rows)))
        return len(old)

    def _forget(self, transaction: Transaction, service: str, keys: Sequence[str]) -> None:
        self._queues.write_outbox(transaction, service, (), keys)
        self._cache.drop(service)

    def _transact(
        self,
        transaction: Transaction,
        service: str,
        event_id: str,
        fn: Callable[[Loaded], Write | None],
        seen_for: timedelta,
    ) -> Committed:
        seen = partition.seen_key(event_id)
        if known := _first_time(transaction, service, seen):
            return known
        loaded = self._cache.load(transaction, service)

        def fetch(keys: Sequence[str]) -> Mapping[str, bytes | None]:
            return {key: reading.row(transaction.execute, service, key) for key in keys}

        write = partition.decide(loaded, fn, fetch)
        if write is None:
            return Committed(sequence=loaded.sequence, ledger_hash=loaded.ledger_hash, outbox=())
        made = partition.plan(service, event_id, loaded, write, seen_until=self._now() + seen_for)
        _write(transaction, made)
        self._queues.write_outbox(transaction, service, made.outbox, made.done)
        if service == partition.ESTATE:
            self._cache.drop(service)
        else:
            self._cache.keep(service, partition.loaded_after(loaded, made))
        return Committed(sequence=made.sequence, ledger_hash=made.hash, outbox=made.outbox)


def _first_time(transaction: Transaction, service: str, seen: str) -> Committed | None:
    found = transaction.execute(
        "SELECT seen.sequence, ledger.hash FROM seen LEFT JOIN ledger USING (service, sequence) WHERE seen.service = ? AND event = ?",
        (service, seen),
    ).fetchone()
    if found is None:
        return None
    sequence, ledger_hash = found
    outbox = reading.outbox_of(reading.load_outbox(transaction.execute, service), sequence)
    return Committed(sequence=sequence, ledger_hash=ledger_hash, outbox=outbox, duplicate=True)


def _write(transaction: Transaction, made: Plan) -> None:
    service = made.service
    transaction.execute("INSERT OR REPLACE INTO head VALUES (?, ?, ?)", (service, made.sequence, made.hash))
    transaction.executemany(
        "INSERT OR REPLACE INTO state VALUES (?, ?, ?)", [(service, *put) for put in made.puts.items()]
    )
    if made.deletes:
        rows = [(service, key) for key in made.deletes]
        transaction.executemany("DELETE FROM state WHERE service = ? AND key = ?", rows)
    entry = (service, made.sequence, made.previous, made.hash, made.ledger)
    transaction.execute("INSERT INTO ledger VALUES (?, ?, ?, ?, ?)", entry)
    mark = (service, made.seen, made.sequence, microseconds(made.seen_until))
    transaction.execute("INSERT INTO seen VALUES (?, ?, ?, ?)", mark)
    if made.due:
        _insert_due(transaction, service, made.due)


def _insert_due(transaction: Transaction, service: str, due: Sequence[Due]) -> None:
    rows = [(partition.due_key(service, one), service, microseconds(one.at), one.what) for one in due]
    transaction.executemany("INSERT OR REPLACE INTO due VALUES (?, ?, ?, ?)", rows)


def _discard(_: object) -> None:
    """Drop a cursor: it belongs to the writer's thread."""
