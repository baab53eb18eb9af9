"""Connections that read. They see what is committed, and never wait for the writer."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shared.adapters.sqlite.schema import connect, failures_named

# Each keeps pages of the file in memory, so those that a burst of readers needed are closed after it.
_MOST_IDLE = 16


class Readers:
    """A pool that grows with the threads that read at the same time. It lends the connection that was used last."""

    def __init__(self, path: Path, before: Callable[[], None] = lambda: None) -> None:
        self._path, self._before = path, before
        self._idle: deque[sqlite3.Connection] = deque()
        self._closed = False

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection on which all reads see one state. Raise StoreUnavailable."""
        with self.lent() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def lent(self, *, own: bool = True) -> Iterator[sqlite3.Connection]:
        """Lend a connection for one query, which sees one state by itself. Raise StoreUnavailable.

        `own`: it sees what this thread has written too, which may have to be flushed for that.
        """
        if own:
            self._before()
        connection = self._borrow()
        try:
            with failures_named(self._path):
                yield connection
        finally:
            self._return(connection)

    def close(self) -> None:
        """Close the connections; those lent are closed when they come back."""
        self._closed = True
        while self._idle:
            with suppress(IndexError):  # somebody was faster
                self._idle.pop().close()

    def _borrow(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return connect(self._path, reading=True)

    def _return(self, connection: sqlite3.Connection) -> None:
        if self._closed or len(self._idle) >= _MOST_IDLE:
            connection.close()
        else:
            self._idle.append(connection)
