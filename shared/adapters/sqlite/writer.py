"""One writer per process. What arrives together is committed together.

Group commit: a disk flush takes as long for twenty decisions as for one. Whoever comes while nobody writes becomes the
leader and writes for all that have come by then, so that a lone caller never waits for another thread.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Generic, TypeVar

from shared.adapters.sqlite.locks import WriteLock
from shared.adapters.sqlite.schema import connect, prepare, unavailable
from shared.ports.store import StoreUnavailable

T = TypeVar("T")
W = TypeVar("W")
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
    """A piece of work and, later, its result. Its lock opens when it is answered, or when its thread is to lead."""

    __slots__ = ("_error", "_result", "_wake", "answered", "work")

    def __init__(self, work: Work[T]) -> None:
        self.work = work
        self.answered = False
        self._wake = threading.Lock()
        self._wake.acquire()
        self._error: BaseException | None = None
        self._result: T | None = None

    def run(self, transaction: Transaction) -> None:
        self._error = None
        self._result = self.work(transaction)

    def fail(self, error: BaseException) -> None:
        self._error = error

    def answer(self) -> None:
        self.answered = True
        self._wake.release()

    def wait(self) -> None:
        self._wake.acquire()

    def wake(self) -> None:
        self._wake.release()

    def result(self) -> T:
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # set by run, whose type it is


class Writer:
    """Runs pieces of work in the order they arrive, several in one transaction.

    `begin` is called inside each transaction before any work and `undone` after a rollback, for caches.
    """

    def __init__(
        self, path: Path, *, begin: Callable[[Transaction, WriteLock], None], undone: Callable[[], None]
    ) -> None:
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
        self.commits = 0
        self._mutex = threading.Lock()
        self._arrivals: deque[_Submission[Any]] = deque()
        self._leading = False
        self._writing = 0  # the thread that is inside a transaction
        self._lazy: dict[str, Work[None]] = {}
        self._due = threading.Event()
        self._pausing = False
        self._closing = False
        self._flusher = threading.Thread(target=self._flush, name="sqlite-flusher", daemon=True)
        self._flusher.start()

    def run(self, work: Work[T]) -> T:
        """Run the work and return its result when it is on disk; what it raises before it wrote anything fails it alone."""
        if self._writing == threading.get_ident():
            raise RuntimeError("a decision may not use the store: it runs inside the store's transaction")
        return self._submit(work, last=False)

    def watch(self, watcher: Callable[[sqlite3.Connection], W]) -> W:
        """Let somebody stand before the connection, for a measurement; before anything is written."""
        watching = watcher(self._connection)
        self._connection = watching  # type: ignore[assignment]  # it passes everything on
        return watching

    def soon(self, name: str, work: Work[None]) -> None:
        """Run the work with the next commit, at most a moment later; nobody waits, and a later one of that name replaces it."""
        with self._mutex:
            first = not self._lazy and not self._pausing
            self._lazy[name] = work
        if first:
            self._due.set()

    @property
    def waiting(self) -> int:
        """How many pieces have arrived and are in no transaction yet."""
        return len(self._arrivals)

    def close(self) -> None:
        """Write what has arrived, then stop; the second time is harmless."""
        with self._mutex:
            if self._closing:
                return
            self._closing = True
        self._due.set()
        self._flusher.join()
        # Work is done in the order it came: when this is done, so is all that came before.
        self._submit(_nothing, last=True)
        self._opened.close()

    def _submit(self, work: Work[T], *, last: bool) -> T:
        submission = _Submission(work)
        with self._mutex:
            if self._closing and not last:
                raise StoreUnavailable(f"database {self._path} is closed; start the host again")
            self._arrivals.append(submission)
            leads, self._leading = not self._leading, True
        if not leads:
            submission.wait()
        if not submission.answered:
            self._lead()
        return submission.result()

    def _lead(self) -> None:
        """Write what has arrived, this thread's own work being the first, and let the next one that waits lead."""
        with self._mutex:
            most = min(len(self._arrivals), _MOST_TOGETHER)
            group = [self._arrivals.popleft() for _ in range(most)]
            lazy, self._lazy = list(self._lazy.values()), {}
        self._commit(lazy, group)
        with self._mutex:
            following = self._arrivals[0] if self._arrivals else None
            self._leading = following is not None
        if following is not None:
            following.wake()

    def _flush(self) -> None:
        """Lazy work rides along with somebody else's commit; only when none comes has it a commit of its own."""
        pause = threading.Event()
        while not self._closing:
            self._due.wait()
            self._due.clear()
            self._pausing = True
            while self._pausing and not self._closing:
                pause.wait(_LAZY_SECONDS)
                if self._lazy:
                    self._submit(_nothing, last=True)
                with self._mutex:
                    self._pausing = bool(self._lazy)

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
        self._writing = threading.get_ident()
        try:
            transaction.execute("BEGIN IMMEDIATE")
            self._begin(transaction, self._lock)
            for work in lazy:
                work(transaction)
            for submission in group:
                self._run(transaction, submission)
            transaction.execute("COMMIT")
            self.commits += 1
        except BaseException:
            if self._connection.in_transaction:
                transaction.execute("ROLLBACK")
            self._undone()
            raise
        finally:
            self._writing = 0

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


def _nothing(_: Transaction) -> None:
    """Only wait for what came before."""
