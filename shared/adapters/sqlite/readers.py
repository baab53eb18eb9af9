"""Connections for reading: they see what is committed and never wait for the writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue

from shared.adapters.sqlite.schema import connect, failures_named


class Readers:
    """A pool that grows with the threads that read at the same time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        self._closed = False

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection on which all reads see one state. Raise StoreUnavailable."""
        connection = self._borrow()
        try:
            with failures_named(self._path):
                connection.execute("BEGIN")
                yield connection
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self._return(connection)

    def close(self) -> None:
        """Close the connections; those lent are closed when they come back."""
        self._closed = True
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    def _borrow(self) -> sqlite3.Connection:
        try:
            return self._idle.get_nowait()
        except Empty:
            return connect(self._path, reading=True)

    def _return(self, connection: sqlite3.Connection) -> None:
        if self._closed:
            connection.close()
        else:
            self._idle.put(connection)
