"""One SQLite file with everything that one machine keeps."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from shared.adapters.sqlite.cache import Cache
from shared.adapters.sqlite.leases import Leases
from shared.adapters.sqlite.levels import SqliteQueueLook
from shared.adapters.sqlite.queues import SqliteQueues
from shared.adapters.sqlite.readers import Readers
from shared.adapters.sqlite.rows import SqliteEvidence, SqliteRows
from shared.adapters.sqlite.schema import failures_named
from shared.adapters.sqlite.store import SqliteStore
from shared.adapters.sqlite.writer import Writer
from shared.adapters.storage.message_leases import MessageLeases, running_time

W = TypeVar("W")


class SqliteDatabase:
    """The ports `store`, `rows`, `evidence`, `queues` and `queue_look` on one file, which is made if it is not there.

    Several processes may have it open. One that calls `recover` or receives is a host: what it writes to the outbox is
    leased to it at once and handed over in memory. Leases in memory go by `elapsed`, a time that nobody can set.
    Raise StoreUnavailable if the file cannot be used.
    """

    def __init__(
        self, path: Path, now: Callable[[], datetime], *, elapsed: Callable[[], timedelta] = running_time
    ) -> None:
        self._path = Path(path).absolute()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        cache = Cache()
        self._writer = Writer(self._path, begin=cache.begin, undone=cache.clear)
        self._readers = Readers(self._path, self._writer.flush)
        self._delivery = MessageLeases(elapsed, work=self._writer)
        self._leases = Leases(self._path, self._writer, self._readers, now)
        self.queues = SqliteQueues(self._writer, self._leases, cache, self._delivery, now)
        self.store = SqliteStore(self._writer, self._readers, cache, self.queues, now)
        self.rows = SqliteRows(self._writer, self._readers)
        self.queue_look = SqliteQueueLook(self._readers, now)
        self.evidence = SqliteEvidence(self._writer, self._readers)
        self._closed = False

    @property
    def commits(self) -> int:
        """How many commits this process has made; each flushes the write-ahead log once."""
        return self._writer.commits

    def watch(self, watcher: Callable[[sqlite3.Connection], W]) -> W:
        """Put a proxy before the connection that writes, for a measurement."""
        return self._writer.watch(watcher)

    def recover(self) -> None:
        """Become a host, and take over what dead hosts left. Call it once at start, before anything is received."""
        self._leases.start()
        self._leases.poll(self._delivery)

    def backup(self, target: Path) -> None:
        """Copy the file as it is now, while it is in use."""
        with failures_named(target), self._readers.snapshot() as connection:
            copy = sqlite3.connect(target)
            try:
                connection.backup(copy)
            finally:
                copy.close()

    def close(self) -> None:
        """Hand nothing out any more, write what has arrived, give leases back. A second call is harmless."""
        if not self._closed:
            self._closed = True
            with ExitStack() as last:
                last.callback(self._readers.close)
                last.callback(self._writer.close)
                last.callback(self._leases.close, self._delivery)
                self._delivery.close()
