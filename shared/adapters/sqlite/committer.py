"""The one connection that writes. Work opens a transaction, which stays open until some work has to be on disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TypeVar

from shared.adapters.sqlite.locks import WriteLock
from shared.adapters.sqlite.schema import connect, prepare, unavailable
from shared.adapters.sqlite.submission import Submission, Transaction
from shared.adapters.sqlite.trouble import Trouble
from shared.ports.store import StoreUnavailable

W = TypeVar("W")


class Committer:
    """Begins, commits and rolls back; used by one thread at a time. `begin` and `undone` are the Writer's."""

    def __init__(
        self, path: Path, *, begin: Callable[[Transaction, WriteLock], None], undone: Callable[[], None]
    ) -> None:
        self._path, self._begin, self._undone = path, begin, undone
        with ExitStack() as undo:
            self._lock = WriteLock(path)
            undo.callback(self._lock.close)
            self._connection = connect(path)
            undo.callback(self._connection.close)
            with self._lock.held():
                prepare(self._connection, path)
            self._opened = undo.pop_all()
        self.transaction: Transaction | None = None
        self.trouble = Trouble(path)
        self.commits = 0
        self._changes = 0

    def watch(self, watcher: Callable[[sqlite3.Connection], W]) -> W:
        """Put a proxy before the connection, for a measurement. Call it before anything is written."""
        watching = watcher(self._connection)
        self._connection = watching  # type: ignore[assignment]  # it passes everything on
        return watching

    def begun(self) -> Transaction:
        """Return the open transaction; begin one if there is none."""
        if self.transaction is None:
            transaction = Transaction(self._connection)
            self._lock.acquire()
            try:
                self._changes = self._connection.total_changes
                transaction.execute("BEGIN IMMEDIATE")
                self._begin(transaction, self._lock)
            except BaseException:
                self._end()
                raise
            self.transaction = transaction
        return self.transaction

    def run(self, transaction: Transaction, submission: Submission[object]) -> None:
        """Run a piece of work. An error before its first write fails it alone; any other, and SQLite's own, is raised."""
        before = self._connection.total_changes
        callbacks, undone = len(transaction.afterwards), len(transaction.undone)
        try:
            submission.run(transaction)
        except sqlite3.Error:
            raise
        except BaseException as error:
            if self._connection.total_changes != before:
                raise
            _undo(transaction.undone[undone:])
            del transaction.afterwards[callbacks:], transaction.undone[undone:]
            submission.fail(error)

    def commit(self, transaction: Transaction) -> None:
        """Commit. Calling what is to follow (`afterwards`), and telling the messages, is up to the caller."""
        transaction.execute("COMMIT")
        self.commits += 1
        self.transaction = None
        self._lock.release()
        if self._connection.total_changes != self._changes:
            self.trouble.is_over()

    def roll_back(self, error: BaseException) -> Transaction | None:
        """Roll back, and mark as lost what was answered early. Return the transaction; None if none was open."""
        transaction = self.transaction
        if transaction is None:
            return None
        self._end()
        _undo(transaction.undone)
        if transaction.handlings:
            reason = self._lost(error)
            for handling in transaction.handlings:
                handling.lose(reason)
        return transaction

    def close(self) -> None:
        """Close the file; no transaction may be open."""
        self._opened.close()

    def _end(self) -> None:
        self.transaction = None
        # What cannot be rolled back is never committed either: no other transaction begins on the connection before.
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        self._lock.release()
        self._undone()

    def _lost(self, error: BaseException) -> StoreUnavailable:
        if isinstance(error, sqlite3.Error):
            return self.trouble.begins(unavailable(self._path, error))
        return StoreUnavailable(f"what was written together with it in {self._path} failed: {error}; it is tried again")


def _undo(callbacks: list[Callable[[], None]]) -> None:
    for callback in reversed(callbacks):
        callback()
