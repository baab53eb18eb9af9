"""One writer per process. What arrives together is committed together.

Group commit: a disk flush takes as long for twenty decisions as for one. Whoever comes while nobody writes becomes the
leader and writes for all that have come by then, so that a lone caller never waits for another thread.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, TypeVar

from shared.adapters.sqlite.locks import WriteLock
from shared.adapters.sqlite.schema import connect, prepare, unavailable
from shared.adapters.sqlite.submission import Submission, Transaction, Work
from shared.adapters.sqlite.trouble import Trouble
from shared.ports.store import StoreUnavailable

T = TypeVar("T")
W = TypeVar("W")
_MOST_TOGETHER = 64
_LAZY_SECONDS = 0.05
_AFTER_FAILURE_SECONDS = 1.0


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
        self._arrivals: deque[Submission[Any]] = deque()
        self._leading = False
        self._writing = 0  # the thread that is inside a transaction
        self._lazy: dict[str, Work[None]] = {}
        self._due = threading.Event()
        self._pausing = False
        self._trouble = Trouble(path)
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
        """Run the work with the next commit, at most a moment later; nobody waits, and a later one of that name replaces it.

        Where it cannot be written it is tried again, until the writer is closed.
        """
        with self._mutex:
            first = not self._lazy and not self._pausing
            self._lazy[name] = work
        if first:
            self._due.set()

    @property
    def waiting(self) -> int:
        """How many pieces have arrived and are in no transaction yet."""
        return len(self._arrivals)

    def check(self) -> None:
        """Raise StoreUnavailable if the last write could not be kept and none can be now; where all is well nothing is written."""
        if self._trouble.error is not None:
            self.run(self._touch)

    def close(self) -> None:
        """Write what has arrived, then stop; the second time is harmless."""
        with self._mutex:
            if self._closing:
                return
            self._closing = True
        self._due.set()
        self._flusher.join()
        # Work is done in the order it came: when this is done, so is all that came before.
        try:
            self._submit(_nothing, last=True)
        finally:
            self._opened.close()

    def _submit(self, work: Work[T], *, last: bool) -> T:
        submission = Submission(work)
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
            lazy, self._lazy = self._lazy, {}
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
                pause.wait(_AFTER_FAILURE_SECONDS if self._trouble.error else _LAZY_SECONDS)
                if self._lazy:
                    # What could not be kept is due again.
                    with suppress(StoreUnavailable):
                        self._submit(_nothing, last=True)
                with self._mutex:
                    self._pausing = bool(self._lazy)

    def _commit(self, lazy: dict[str, Work[None]], group: list[Submission[Any]]) -> None:
        transaction = Transaction(self._connection)
        before = self._connection.total_changes
        try:
            with self._lock.held():
                self._write(transaction, lazy, group)
        except BaseException as error:
            self._fall_back(error, lazy, group)
            return
        if self._connection.total_changes != before:
            self._trouble.is_over()
        for callback in transaction.afterwards:
            callback()
        for submission in group:
            submission.answer()

    def _write(self, transaction: Transaction, lazy: dict[str, Work[None]], group: list[Submission[Any]]) -> None:
        self._writing = threading.get_ident()
        try:
            transaction.execute("BEGIN IMMEDIATE")
            self._begin(transaction, self._lock)
            for work in lazy.values():
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

    def _run(self, transaction: Transaction, submission: Submission[Any]) -> None:
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

    def _fall_back(self, error: BaseException, lazy: dict[str, Work[None]], group: list[Submission[Any]]) -> None:
        """Nothing was written: try one by one, so that one bad submission fails alone."""
        pieces = len(group) + bool(lazy)
        if pieces > 1:
            if lazy:
                self._commit(lazy, [])
            for submission in group:
                self._commit({}, [submission])
            return
        if isinstance(error, sqlite3.Error):
            error = self._trouble.begins(unavailable(self._path, error))
            self._keep(lazy)
        for submission in group:
            submission.fail(error)
            submission.answer()

    def _keep(self, lazy: dict[str, Work[None]]) -> None:
        """Try again later what nobody waits for: a lost acknowledgement would lie there until the next start."""
        with self._mutex:
            self._lazy = {} if self._closing else {**lazy, **self._lazy}
        self._due.set()

    def _touch(self, transaction: Transaction) -> None:
        # Setting it writes a page, whatever it was before.
        [version] = transaction.execute("PRAGMA user_version").fetchone()
        transaction.execute(f"PRAGMA user_version={version}")
        transaction.afterwards.append(self._trouble.is_over)


def _nothing(_: Transaction) -> None:
    """Only wait for what came before."""
