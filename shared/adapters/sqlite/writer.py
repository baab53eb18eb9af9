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
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from shared.adapters.sqlite.committer import Committer
from shared.adapters.sqlite.flusher import Flusher
from shared.adapters.sqlite.locks import WriteLock
from shared.adapters.sqlite.schema import unavailable
from shared.adapters.sqlite.submission import Here, Submission, Transaction, Work
from shared.adapters.storage.handling import Handling
from shared.ports.store import StoreUnavailable

T = TypeVar("T")
W = TypeVar("W")
_MOST_TOGETHER = 64


class Writer:
    """Runs pieces of work in the order they arrive, several in one transaction.

    `begin` is called in each transaction before any work. `undone` is called after a rollback, so that caches forget.
    `here` is what each thread works for.
    """

    def __init__(
        self, path: Path, *, begin: Callable[[Transaction, WriteLock], None], undone: Callable[[], None]
    ) -> None:
        self._path = path
        self._committer = Committer(path, begin=begin, undone=undone)
        self._trouble = self._committer.trouble
        self.here = Here()
        self._mutex = threading.Lock()
        self._arrivals: deque[Submission[Any]] = deque()
        self._leading = False
        self._writing = 0  # the thread that runs pieces of work
        self._lazy: dict[str, Work[None]] = {}
        self._closing = False
        self._flusher = Flusher(self, self._mutex)

    def submit(self, work: Work[T]) -> T:
        """Run the work; return its result once it is on disk. An error before its first write fails this work alone.

        Raise StoreUnavailable if earlier work for the same message was lost.
        """
        return self._enter(Submission(work, handling=self.here.handling))

    def submit_deferred(self, work: Work[T]) -> T:
        """Run the work; for a message, return before it is on disk. It is on disk before anything shows that it was done.

        Call it only if nothing outside is done for the message afterwards. A thread without a message waits, as in `submit`.
        """
        handling = self.here.handling
        return self._enter(Submission(work, durable=handling is None, handling=handling))

    def flush(self) -> None:
        """Flush the work for this thread's message; called before a read. Raise StoreUnavailable if it was lost."""
        if self.here.pending:
            self.submit(_nothing)
        else:
            self.here.check_kept()

    @property
    def holds_back(self) -> bool:
        """Whether work was answered that is not on disk yet."""
        return self._committer.transaction is not None

    def finish(self) -> None:
        """Flush what is held back. Work that cannot be written is rolled back, as if it had never been done."""
        self._enter(Submission(_nothing))

    def submit_lazily(self, name: str, work: Work[None]) -> None:
        """Run the work with the next commit, at most a moment later; nobody waits. Later work of that name replaces it.

        Work that cannot be written is tried again until the writer is closed.
        """
        with self._mutex:
            first = not self._lazy and not self._flusher.looks
            self._lazy[name] = work
        if first:
            self._flusher.ask()

    def watch(self, watcher: Callable[[sqlite3.Connection], W]) -> W:
        """Put a proxy before the connection, for a measurement. Call it before anything is written."""
        return self._committer.watch(watcher)

    @property
    def commits(self) -> int:
        """How many commits there were."""
        return self._committer.commits

    @property
    def fails(self) -> bool:
        """Whether the last write failed."""
        return self._trouble.error is not None

    @property
    def waits(self) -> bool:
        """Whether there is work that waits for somebody's commit."""
        return bool(self._lazy) or self.holds_back

    @property
    def waiting(self) -> int:
        """How many pieces of work have arrived and are in no transaction yet."""
        return len(self._arrivals)

    def check(self) -> None:
        """Raise StoreUnavailable if the last write failed and a new one fails too. While all is well, write nothing."""
        if self.fails:
            self.submit(self._trouble.looked_at)

    def close(self) -> None:
        """Write what has arrived, then stop. A second call is harmless."""
        with self._mutex:
            if self._closing:
                return
            self._closing = True
        self._flusher.close()
        # Work runs in the order of arrival: once this is done, so is all that came before.
        try:
            self._enter(Submission(_nothing), last=True)
        finally:
            self._committer.close()

    def _enter(self, submission: Submission[T], *, last: bool = False) -> T:
        if self._writing == threading.get_ident():
            raise RuntimeError("a decision may not use the store: it runs inside the store's transaction")
        with self._mutex:
            if not last and self._closing:
                raise StoreUnavailable(f"database {self._path} is closed; start the host again")
            if leads := not self._leading:
                # Nobody else has arrived: a leader hands over to whoever has.
                self._leading = True
            else:
                submission.will_wait()
                self._arrivals.append(submission)
        if leads:
            self._lead([submission])
        else:
            submission.wait()
            if not submission.answered:
                self._lead(self._arrived())
        return submission.result()

    def _arrived(self) -> list[Submission[Any]]:
        """Take what has arrived, the new leader's own work first."""
        with self._mutex:
            most = min(len(self._arrivals), _MOST_TOGETHER)
            return [self._arrivals.popleft() for _ in range(most)]

    def _lead(self, group: list[Submission[Any]]) -> None:
        """Write; then make the next thread that waits the leader."""
        lazy: dict[str, Work[None]] = {}
        if self._lazy:
            with self._mutex:
                lazy, self._lazy = self._lazy, {}
        try:
            self._write(lazy, group)
        except BaseException as error:  # of what follows a commit or a rollback; nobody may wait for ever because of it
            for submission in [one for one in group if not one.answered]:
                submission.fail(error)
                submission.answer()
        with self._mutex:
            following = self._arrivals[0] if self._arrivals else None
            self._leading = following is not None
            if self.holds_back and not self._flusher.looks:
                self._flusher.ask()
        if following is not None:
            following.wake()

    def _write(self, lazy: dict[str, Work[None]], group: list[Submission[Any]], *, alone: bool = False) -> None:
        """Run the pieces in the open transaction. Commit if one of them has to be on disk, or enough is held back."""
        self._writing = threading.get_ident()
        followed: Sequence[Callable[[], None]] = ()
        safe: Iterable[Handling] = ()
        try:
            transaction = self._committer.begun()
            transaction.pieces += len(group)
            if lazy:
                transaction.lazy.update(lazy)
                for work in lazy.values():
                    work(transaction)
            commits = alone or transaction.pieces >= _MOST_TOGETHER
            for submission in group:
                self._committer.run(transaction, submission)
                commits = commits or submission.durable
            if commits:
                self._committer.commit(transaction)
                followed, safe = transaction.afterwards, transaction.handlings
            written, transaction.written = transaction.written, []
        except BaseException as error:
            self._fall_back(error, lazy, group)
            return
        finally:
            self._writing = 0
        for callback in (*written, *followed):
            callback()
        for handling in safe:
            handling.pending = False
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
            self._lazy = {} if self._closing else {**lazy, **self._lazy}
        self._flusher.ask()


def _nothing(_: Transaction) -> None:
    """Do nothing: who waits for this waits for all work before it."""
