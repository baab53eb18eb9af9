"""Pieces of work for the writer, and the transaction that they run in."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from shared.adapters.storage.handling import Handling

T = TypeVar("T")


class Here(threading.local):
    """For each thread: what is written for the message that it works for; None where it works for none."""

    handling: Handling | None = None

    @property
    def pending(self) -> bool:
        """Whether work for this thread's message, or what asks for it, is in the open transaction."""
        handling = self.handling
        return handling is not None and handling.pending

    def check_kept(self) -> None:
        """Raise StoreUnavailable if work for this thread's message, or what asks for it, was lost."""
        if (handling := self.handling) is not None and handling.lost is not None:
            raise handling.lost


class Transaction:
    """The connection, and what belongs to one transaction on it.

    `written` is called once the pieces of work at hand have run, committed or not; `afterwards` after the commit, `undone`
    after a rollback, the last first. `handlings` are kept or lost with it: of messages whose work was answered before it is
    on disk, and of those that were handed over before. `lazy` is work that nobody waits for, by name. `pieces` counts the
    pieces of work.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.execute = connection.execute
        self.executemany = connection.executemany
        self.written: list[Callable[[], None]] = []
        self.afterwards: list[Callable[[], None]] = []
        self.undone: list[Callable[[], None]] = []
        self.handlings: set[Handling] = set()
        self.lazy: dict[str, Work[None]] = {}
        self.pieces = 0


Work = Callable[[Transaction], T]


class Submission(Generic[T]):
    """A piece of work and, later, its result. A thread that waits for it is woken when it is answered, or when the thread becomes the leader.

    A submission that is not `durable` is answered before it is on disk.
    """

    __slots__ = ("_bell", "_error", "_result", "answered", "durable", "handling", "work")

    def __init__(self, work: Work[T], *, durable: bool = True, handling: Handling | None = None) -> None:
        self.work = work
        self.durable = durable
        self.handling = handling
        self.answered = False
        self._bell: threading.Lock | None = None
        self._error: BaseException | None = None
        self._result: T | None = None

    def run(self, transaction: Transaction) -> None:
        """Do the work; raise what it raises. Raise StoreUnavailable if earlier work for the same message was lost."""
        handling = self.handling
        if handling is not None and handling.lost is not None:
            raise handling.lost
        self._error = None
        self._result = self.work(transaction)
        if handling is not None and not self.durable:
            handling.pending = True
            transaction.handlings.add(handling)

    def fail(self, error: BaseException) -> None:
        """Set the error that the work failed with."""
        self._error = error

    def answer(self) -> None:
        """Give the result to the thread that waits, if one does."""
        self.answered = True
        if self._bell is not None:
            self._bell.release()

    def will_wait(self) -> None:
        """Be ready to be woken; called before any other thread knows of it."""
        self._bell = threading.Lock()
        self._bell.acquire()

    def wait(self) -> None:
        """Wait until it is answered, or until this thread becomes the leader."""
        if self._bell is not None:
            self._bell.acquire()

    def wake(self) -> None:
        """Make the thread that waits the leader."""
        if self._bell is not None:
            self._bell.release()

    def result(self) -> T:
        """Return the work's result; raise the error that it failed with."""
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # set by run, whose type it is
