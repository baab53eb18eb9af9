"""The Store port on SQLite."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from shared.adapters.sqlite import reading
from shared.adapters.sqlite.cache import Cache
from shared.adapters.sqlite.packed import LEDGER, RECORD, pack
from shared.adapters.sqlite.queues import SqliteQueues
from shared.adapters.sqlite.readers import Readers
from shared.adapters.sqlite.schema import microseconds, moment, short
from shared.adapters.sqlite.submission import Transaction
from shared.adapters.sqlite.writer import Writer
from shared.adapters.storage import partition
from shared.adapters.storage.partition import Plan
from shared.ports.store import Committed, Due, DueRow, LedgerHead, LedgerRow, Loaded, Write

_LOOKED_AT = 1000  # marks at a time, however many a service has
_PUT = "INSERT OR REPLACE INTO state VALUES (?, ?, ?)"
_DELETE = "DELETE FROM state WHERE service = ? AND key = ?"
# A service needs one hint, the earliest that is to come: whoever looks at the service then writes the next one. A hint that
# has come due stays until somebody has looked.
_HINT = (
    "INSERT OR IGNORE INTO due SELECT ?1, ?2, ?3"
    " WHERE NOT EXISTS (SELECT 1 FROM due WHERE service = ?1 AND at > ?4 AND at <= ?2)"
)
_HINT_OF = "SELECT id, at, what FROM due JOIN service ON id = service WHERE name = ?"


class SqliteStore:
    """Services' partitions as tables. A decision runs inside the writer's transaction, others before and after it."""

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
        return self._writer.submit_deferred(
            lambda transaction: self._transact(transaction, service, event_id, fn, seen_for)
        )

    def check(self) -> None:
        """See Store."""
        self._writer.check()

    def forget(self, service: str, keys: Sequence[str]) -> bool:
        """See Store."""
        return self._queues.forget(service, partition.outbox_keys(keys))

    def read(self, service: str, *, exact: bool = True) -> Loaded:
        """See Store. It is always exact, but for a message that the open transaction asks for: it sees what that holds."""
        # In this order: while the thread's work is pending, what was just read is of the same transaction.
        latest = None if exact else self._cache.latest(service)
        if latest is not None and self._writer.here.pending:
            return latest
        self._writer.flush()
        known = self._cache.committed(service)
        if known is not None:
            return known
        with self._readers.snapshot() as connection:
            execute = connection.execute
            return reading.load(execute, reading.head(execute, service), reading.load_estate(execute))

    def row(self, service: str, key: str) -> bytes | None:
        """See Store."""
        with self._readers.snapshot() as connection:
            return reading.row(connection.execute, reading.head(connection.execute, service).id, key)

    def range(self, service: str, start: str, end: str, *, most: int) -> Sequence[tuple[str, bytes]]:
        """See Store."""
        with self._readers.snapshot() as connection:
            return reading.rows(connection.execute, reading.head(connection.execute, service).id, start, end, most)

    def ledger(self, service: str, *, after: int, most: int, exact: bool = True) -> Sequence[LedgerRow]:
        """See Store."""
        if not exact:
            self._writer.flush()
            if (recent := self._cache.recent_entries(service, after)) is not None:
                return recent[:most]
        if number := self._cache.number(service):
            with self._readers.lent() as connection:
                return reading.ledger(connection.execute, number, after, most)
        with self._readers.snapshot() as connection:
            return reading.ledger(connection.execute, reading.head(connection.execute, service).id, after, most)

    def services(self, *, after: str = "", most: int, prefix: str = "") -> Sequence[str]:
        """See Store."""
        with self._readers.snapshot() as connection:
            return reading.names(connection.execute, after, prefix, most)

    def sequences(self, services: Sequence[str]) -> Mapping[str, int]:
        """See Store."""
        with self._readers.snapshot() as connection:
            return {service: reading.head(connection.execute, service).sequence for service in services}

    def heads(self, services: Sequence[str]) -> Mapping[str, LedgerHead]:
        """See Store."""
        with self._readers.snapshot() as connection:
            found = {service: reading.head(connection.execute, service) for service in services}
        return {service: LedgerHead(one.sequence, one.hash) for service, one in found.items()}

    def due(self, now: datetime, *, most: int) -> Sequence[DueRow]:
        """See Store."""
        query = "SELECT name, at, what FROM due JOIN service ON id = service WHERE at <= ? ORDER BY at, name LIMIT ?"
        with self._readers.snapshot() as connection:
            rows = connection.execute(query, (microseconds(now), most)).fetchall()
        found = [(service, Due(at=moment(at), what=what)) for service, at, what in rows]
        return [
            DueRow(key=partition.due_key(service, due), service=service, at=due.at, what=due.what)
            for service, due in found
        ]

    def add_due(self, service: str, due: Due) -> str:
        """See Store."""
        partition.check_key(key := partition.due_key(service, due))
        self._writer.submit_deferred(
            lambda transaction: self._hint(transaction, self._cache.id_of(transaction, service), due)
        )
        return key

    def remove_due(self, keys: Sequence[str], *, decided: bool = True) -> None:  # noqa: ARG002 - one table knows all
        """See Store."""
        gone = {key: partition.service_of_due(key) for key in keys}

        def work(transaction: Transaction) -> None:
            for key, service in gone.items():
                for id_, at, what in transaction.execute(_HINT_OF, (service,)).fetchall():
                    if partition.due_key(service, Due(at=moment(at), what=what)) == key:
                        transaction.execute("DELETE FROM due WHERE service = ? AND at = ?", (id_, at))
                        self._cache.hints.pop(id_, None)

        self._writer.submit(work)

    def prune(self, service: str, *, most: int) -> int:
        """See Store. Looks at some of very many marks, at others each time: their keys are hashes, in no order."""
        with self._readers.snapshot() as connection:
            id_ = reading.head(connection.execute, service).id
            marks = reading.some_marks(connection.execute, id_, os.urandom(16), _LOOKED_AT)
        now = microseconds(self._now())
        old = [(id_, event) for event, until in marks if until <= now][:most]
        if old:
            delete = "DELETE FROM seen WHERE service = ? AND event = ?"
            self._writer.submit(lambda transaction: _discard(transaction.executemany(delete, old)))
        return len(old)

    def _transact(
        self,
        transaction: Transaction,
        service: str,
        event_id: str,
        fn: Callable[[Loaded], Write | None],
        seen_for: timedelta,
    ) -> Committed:
        kept = self._cache.load(transaction, service)
        loaded, execute = kept.loaded, transaction.execute

        def fetch(keys: Sequence[str]) -> Mapping[str, bytes | None]:
            return {key: reading.row(execute, kept.id, key) for key in keys}

        try:
            write = partition.decide(loaded, fn, fetch)
        except Exception:
            if known := _first_time(transaction, kept.id, event_id):
                return known
            raise
        if (write is None or write.mark) and (known := _first_time(transaction, kept.id, event_id)):
            return known
        if write is None:
            return Committed(sequence=loaded.sequence, ledger_hash=loaded.ledger_hash, outbox=())
        made = partition.plan(service, event_id, loaded, write, seen_until=self._now() + seen_for)
        id_ = kept.id or self._cache.id_of(transaction, service)
        self._write(transaction, id_, event_id, made)
        self._queues.write_outbox(transaction, id_, made.outbox, made.done)
        if service == partition.ESTATE:
            self._cache.drop(service)
        else:
            self._cache.keep(service, id_, partition.loaded_after(loaded, made))
            entry = LedgerRow(sequence=made.sequence, previous=made.previous, hash=made.hash, body=made.ledger)
            self._cache.add_entry(service, entry)
        return made.committed()

    def _write(self, transaction: Transaction, id_: int, event_id: str, made: Plan) -> None:
        execute, hash_ = transaction.execute, bytes.fromhex(made.hash)
        execute("UPDATE service SET sequence = ?, hash = ? WHERE id = ?", (made.sequence, hash_, id_))
        transaction.executemany(_PUT, [(id_, key, _kept(key, value)) for key, value in made.puts.items()])
        if made.deletes:
            transaction.executemany(_DELETE, [(id_, key) for key in made.deletes])
        execute("INSERT INTO ledger VALUES (?, ?, ?, ?)", (id_, made.sequence, hash_, pack(LEDGER, made.ledger)))
        if made.seen is not None:
            mark = (id_, short(event_id), made.sequence, microseconds(made.seen_until))
            execute("INSERT INTO seen VALUES (?, ?, ?, ?)", mark)
        for due in made.due:
            self._hint(transaction, id_, due)

    def _hint(self, transaction: Transaction, id_: int, due: Due) -> None:
        now, at, known = self._now(), due.at, self._cache.hints.get(id_)
        if known is None or not now < known <= at:
            transaction.execute(_HINT, (id_, microseconds(at), due.what, microseconds(now)))
            if at > now:
                self._cache.hints[id_] = at


def _kept(key: str, value: bytes) -> bytes:
    """Pack a value, unless every decision reads it."""
    return value if key.startswith(partition.CURRENT) else pack(RECORD, value)


def _first_time(transaction: Transaction, id_: int, event_id: str) -> Committed | None:
    found = reading.first_time(transaction.execute, id_, short(event_id))
    if found is None:
        return None
    sequence, ledger_hash, outbox = found
    return Committed(sequence=sequence, ledger_hash=ledger_hash, outbox=outbox, duplicate=True)


def _discard(_: object) -> None:
    """Drop a cursor: it belongs to the writer."""
