"""The one thread of a process that writes. What arrives together is committed together.

Group commit: a disk flush takes as long for twenty decisions as for one.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Generic, TypeVar

from shared.adapters.sqlite.locks import WriteLock
from shared.adapters.sqlite.schema import connect, prepare, unavailable
from shared.ports.store import StoreUnavailable

T = TypeVar("T")
_MOST_TOGETHER = 64
_LAZY_SECONDS = 0.05


class Transaction:
    """A group's transaction: the connection, and what is to be done once it is on disk."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.execute = connection.execute
        self.executemany = connection.executemany
        self.afterwards: list[Callable[[], None]] = []


Work = Callable[[Transaction], T]


class _Submission(Generic[T]):
    """A piece of work and, later, its result."""

    __slots__ = ("_answered", "_error", "_result", "work")

    def __init__(self, work: Work[T]) -> None:
        self.work = work
        self._answered = threading.Lock()
        self._answered.acquire()
        self._error: BaseException | None = None
        self._result: T | None = None

    def run(self, transaction: Transaction) -> None:
        self._error = None
        self._result = self.work(transaction)

    def fail(self, error: BaseException) -> None:
        self._error = error

    def answer(self) -> None:
        self._answered.release()

    def result(self) -> T:
        self._answered.acquire()
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # set by run, whose type it is


class Writer:
    """Runs pieces of work in the order they arrive, several in one transaction.

    `begin` is called inside each transaction before any work and `undone` after a rollback, for caches.
    """

    def __init__(self, path: Path, *, begin: Callable[[Transaction], None], undone: Callable[[], None]) -> None:
        self._path = path
        self._begin, self._undone = begin, undone
        with ExitStack() as undo:
            self._lock = WriteLock(path)
            undo.callback(self._lock.close)
            self._connection = connect(path)
            undo.callback(self._connection.close)
            with self._lock.held():
                prepare(self._connection, path)
            self._opened = undo.pop_all()
        self._arrivals: queue.SimpleQueue[_Submission[Any] | None] = queue.SimpleQueue()
        self._lazy: dict[str, Work[None]] = {}
        self._lazy_lock = threading.Lock()
        self._asleep = False
        self._closing = False
        self._gate = threading.Lock()
        self._thread = threading.Thread(target=self._loop, name="sqlite-writer", daemon=True)
        self._thread.start()

    def run(self, work: Work[T]) -> T:
        """Run the work and return its result when it is on disk; what it raises before it wrote anything fails it alone."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("a decision may not use the store: it runs inside the store's transaction")
        submission = _Submission(work)
        with self._gate:
            if self._closing:
                raise StoreUnavailable(f"database {self._path} is closed; start the host again")
            self._arrivals.put(submission)
        return submission.result()

    def soon(self, name: str, work: Work[None]) -> None:
        """Run the work with the next commit, at most a moment later; nobody waits, and a later one of that name replaces it."""
        with self._lazy_lock:
            self._lazy[name] = work
            asleep, self._asleep = self._asleep, False
        if asleep:
            self._arrivals.put(None)

    def close(self) -> None:
        """Write what has arrived, then stop; the second time is harmless."""
        with self._gate:
            if self._closing:
                return
            self._closing = True
            self._arrivals.put(None)
        self._thread.join()
        self._opened.close()

    def _loop(self) -> None:
        while not (self._closing and self._arrivals.empty() and not self._lazy):
            group = self._gather()
            lazy = self._take_lazy()
            if group or lazy:
                self._commit(lazy, group)

    def _gather(self) -> list[_Submission[Any]]:
        """Wait for the first submission and take what came with it; none when only lazy work is left."""
        group: list[_Submission[Any]] = []
        arrived = self._wait()
        with suppress(queue.Empty):
            while True:
                if arrived is not None:
                    group.append(arrived)
                if len(group) == _MOST_TOGETHER:
                    break
                arrived = self._arrivals.get_nowait()
        return group

    def _wait(self) -> _Submission[Any] | None:
        # Lazy work rides along with somebody else's commit. While those keep coming, the thread need not be woken for
        # it; only one that has had nothing to do for a moment is really asleep.
        while True:
            try:
                arrived = self._arrivals.get(timeout=_LAZY_SECONDS)
            except queue.Empty:
                with self._lazy_lock:
                    if self._lazy or self._closing:
                        return None
                    self._asleep = True
                arrived = self._arrivals.get()
            if arrived is not None or self._closing:
                return arrived

    def _take_lazy(self) -> list[Work[None]]:
        with self._lazy_lock:
            lazy, self._lazy = list(self._lazy.values()), {}
            return lazy

    def _commit(self, lazy: list[Work[None]], group: list[_Submission[Any]]) -> None:
        transaction = Transaction(self._connection)
        try:
            with self._lock.held():
                self._write(transaction, lazy, group)
        except BaseException as error:
            self._fall_back(error, lazy, group)
            return
        for callback in transaction.afterwards:
            callback()
        for submission in group:
            submission.answer()

    def _write(self, transaction: Transaction, lazy: list[Work[None]], group: list[_Submission[Any]]) -> None:
        transaction.execute("BEGIN IMMEDIATE")
        try:
            self._begin(transaction)
            for work in lazy:
                work(transaction)
            for submission in group:
                self._run(transaction, submission)
            transaction.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                transaction.execute("ROLLBACK")
            self._undone()
            raise

    def _run(self, transaction: Transaction, submission: _Submission[Any]) -> None:
        before, callbacks = self._connection.total_changes, len(transaction.afterwards)
        try:
            submission.run(transaction)
        except sqlite3.Error:
            raise
        except BaseException as error:
            if self._connection.total_changes != before:
                raise
            del transaction.afterwards[callbacks:]
            submission.fail(error)

    def _fall_back(self, error: BaseException, lazy: list[Work[None]], group: list[_Submission[Any]]) -> None:
        """Nothing was written: try one by one, so that one bad submission fails alone."""
        pieces = len(group) + bool(lazy)
        if pieces > 1:
            if lazy:
                self._commit(lazy, [])
            for submission in group:
                self._commit([], [submission])
            return
        for submission in group:
            submission.fail(unavailable(self._path, error) if isinstance(error, sqlite3.Error) else error)
            submission.answer()
