"""The one writer of a process: group commit.

A flush of the disk takes as long for twenty decisions as for one, so work that arrives together is committed together.
There is no writer's thread. The first caller to arrive becomes the leader and writes for all who have arrived by then, so
that a lone caller waits for no other thread. A caller waits until its work is on disk (`submit`), with two exceptions. Work
for a message may return earlier (`submit_deferred`): if it is lost, so is the message's acknowledgement, and the message is delivered
again. Lazy work (`submit_lazily`) rides along with the next commit, and nobody waits for it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from shared.adapters.sqlite.committer import Committer
from shared.adapters.sqlite.locks import WriteLock
from shared.adapters.sqlite.schema import unavailable
from shared.adapters.sqlite.submission import Handling, Submission, Transaction, Work
from shared.ports.store import StoreUnavailable

T = TypeVar("T")
W = TypeVar("W")
_MOST_TOGETHER = 64
_LAZY_SECONDS = 0.05
_AFTER_FAILURE_SECONDS = 1.0


class _Here(threading.local):
    """For each thread: the message that it works for."""

    handling: Handling | None = None


class Writer:
    """Runs pieces of work in the order they arrive, several in one transaction.

    `begin` is called in each transaction before any work. `undone` is called after a rollback, so that caches forget.
    """

    def __init__(
        self, path: Path, *, begin: Callable[[Transaction, WriteLock], None], undone: Callable[[], None]
    ) -> None:
        self._path = path
        self._committer = Committer(path, begin=begin, undone=undone)
        self._trouble = self._committer.trouble
        self._here = _Here()
        self._mutex = threading.Lock()
        self._arrivals: deque[Submission[Any]] = deque()
        self._leading = False
        self._writing = 0  # the thread that runs pieces of work
        self._lazy: dict[str, Work[None]] = {}
        self._due = threading.Event()
        self._pausing = False
        self._closing = threading.Event()
        self._flusher = threading.Thread(target=self._flush, name="sqlite-flusher", daemon=True)
        self._flusher.start()

    def submit(self, work: Work[T]) -> T:
        """Run the work; return its result once it is on disk. An error before its first write fails this work alone.

        Raise StoreUnavailable if earlier work for the same message was lost.
        """
        return self._enter(Submission(work, handling=self._here.handling))

    def submit_deferred(self, work: Work[T]) -> T:
        """Run the work; for a message, return before it is on disk. It is on disk before anything shows that it was done.

        Call it only if nothing outside is done for the message afterwards. A thread without a message waits, as in `submit`.
        """
        handling = self._here.handling
        return self._enter(Submission(work, durable=handling is None, handling=handling))

    def works_for(self, handling: Handling | None) -> None:
        """Set the message that this thread works for from now on; None for no message."""
        self._here.handling = handling

    @property
    def pending(self) -> bool:
        """Whether work for this thread's message is not on disk yet, or was lost."""
        handling = self._here.handling
        return handling is not None and (handling.pending or handling.lost is not None)

    def flush(self) -> None:
        """Flush the work for this thread's message; called before a read. Raise StoreUnavailable if it was lost."""
        if self.pending:
            self.submit(_nothing)

    @property
    def holds_back(self) -> bool:
        """Whether work was answered that is not on disk yet."""
        return self._committer.transaction is not None

    def finish(self) -> None:
        """Flush what is held back. Work that cannot be written is rolled back, as if it had never been done."""
        self._enter(Submission(_nothing), last=True)

    def submit_lazily(self, name: str, work: Work[None]) -> None:
        """Run the work with the next commit, at most a moment later; nobody waits. Later work of that name replaces it.

        Work that cannot be written is tried again until the writer is closed.
        """
        with self._mutex:
            first = not self._lazy and not self._pausing
            self._lazy[name] = work
        if first:
            self._due.set()

    def watch(self, watcher: Callable[[sqlite3.Connection], W]) -> W:
        """Put a proxy before the connection, for a measurement. Call it before anything is written."""
        return self._committer.watch(watcher)

    @property
    def commits(self) -> int:
        """How many commits there were."""
        return self._committer.commits

    @property
    def waiting(self) -> int:
        """How many pieces of work have arrived and are in no transaction yet."""
        return len(self._arrivals)

    def check(self) -> None:
        """Raise StoreUnavailable if the last write failed and a new one fails too. While all is well, write nothing."""
        if self._trouble.error is not None:
            self.submit(self._touch)

    def close(self) -> None:
        """Write what has arrived, then stop. A second call is harmless."""
        with self._mutex:
            if self._closing.is_set():
                return
            self._closing.set()
        self._due.set()
        self._flusher.join()
        # Work runs in the order of arrival: once this is done, so is all that came before.
        try:
            self._enter(Submission(_nothing), last=True)
        finally:
            self._committer.close()

    def _enter(self, submission: Submission[T], *, last: bool = False) -> T:
        if self._writing == threading.get_ident():
            raise RuntimeError("a decision may not use the store: it runs inside the store's transaction")
        with self._mutex:
            if self._closing.is_set() and not last:
                raise StoreUnavailable(f"database {self._path} is closed; start the host again")
            self._arrivals.append(submission)
            leads, self._leading = not self._leading, True
        if not leads:
            submission.wait()
        if not submission.answered:
            self._lead()
        return submission.result()

    def _lead(self) -> None:
        """Write what has arrived, this thread's own work first; then make the next thread that waits the leader."""
        with self._mutex:
            most = min(len(self._arrivals), _MOST_TOGETHER)
            group = [self._arrivals.popleft() for _ in range(most)]
            lazy, self._lazy = self._lazy, {}
        self._write(lazy, group)
        with self._mutex:
            following = self._arrivals[0] if self._arrivals else None
            self._leading = following is not None
            # The flusher commits it if nobody else does.
            due = self.holds_back and not self._pausing
        if due:
            self._due.set()
        if following is not None:
            following.wake()

    def _flush(self) -> None:
        """Commit lazy and held-back work if nobody else's commit has taken it along in time; the flusher's loop."""
        while not self._closing.is_set():
            self._due.wait()
            self._due.clear()
            self._pausing = True
            while self._pausing and not self._closing.wait(
                _AFTER_FAILURE_SECONDS if self._trouble.error else _LAZY_SECONDS
            ):
                if self._lazy or self.holds_back:
                    # Work that could not be written stays due.
                    with suppress(StoreUnavailable):
                        self._enter(Submission(_nothing), last=True)
                with self._mutex:
                    self._pausing = bool(self._lazy) or self.holds_back

    def _write(self, lazy: dict[str, Work[None]], group: list[Submission[Any]], *, alone: bool = False) -> None:
        """Run the pieces in the open transaction. Commit if one of them has to be on disk, or enough is held back."""
        self._writing, followed = threading.get_ident(), list[Callable[[], None]]()
        try:
            transaction = self._committer.begun()
            transaction.pieces += len(group)
            transaction.lazy.update(lazy)
            for work in lazy.values():
                work(transaction)
            for submission in group:
                self._committer.run(transaction, submission)
            if alone or transaction.pieces >= _MOST_TOGETHER or any(one.durable for one in group):
                self._committer.commit(transaction)
                followed = transaction.afterwards
        except BaseException as error:
            self._fall_back(error, lazy, group)
            return
        finally:
            self._writing = 0
        for callback in followed:
            callback()
        for submission in group:
            submission.answer()

    def _fall_back(self, error: BaseException, lazy: dict[str, Work[None]], group: list[Submission[Any]]) -> None:
        """Roll back, then run the pieces one by one, so that a bad one fails alone."""
        failed = self._committer.roll_back(error)
        if failed is not None:
            lazy = failed.lazy
        pieces = failed.pieces if failed is not None else len(group)
        if pieces + bool(lazy) > 1:
            if lazy:
                self._write(lazy, [], alone=True)
            for submission in group:
                self._write({}, [submission], alone=True)
            return
        if isinstance(error, sqlite3.Error):
            error = self._trouble.begins(unavailable(self._path, error))
            self._keep(lazy)
        for submission in group:
            submission.fail(error)
            submission.answer()

    def _keep(self, lazy: dict[str, Work[None]]) -> None:
        """Keep lazy work for a later try. A lost acknowledgement would leave its message there until the next start."""
        with self._mutex:
            self._lazy = {} if self._closing.is_set() else {**lazy, **self._lazy}
        self._due.set()

    def _touch(self, transaction: Transaction) -> None:
        # Setting it writes a page, even where the value stays the same.
        [version] = transaction.execute("PRAGMA user_version").fetchone()
        transaction.execute(f"PRAGMA user_version={version}")
        transaction.afterwards.append(self._trouble.is_over)


def _nothing(_: Transaction) -> None:
    """Do nothing: who waits for this waits for all work before it."""
