"""Pieces of work for the writer, the transaction that they run in, and what a message's function has written so far."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from shared.ports.store import StoreUnavailable

T = TypeVar("T")


class Handling:
    """What the function of one message has written: it is kept or lost as a whole, with the message's acknowledgement."""

    __slots__ = ("lost", "pending")

    def __init__(self) -> None:
        self.pending = False
        self.lost: StoreUnavailable | None = None


class Transaction:
    """The connection, what is to be done once all is on disk, and what is to be undone where that fails."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.execute = connection.execute
        self.executemany = connection.executemany
        self.afterwards: list[Callable[[], None]] = []
        self.undone: list[Callable[[], None]] = []
        self.handlings: set[Handling] = set()
        self.lazy: dict[str, Work[None]] = {}
        self.pieces = 0


Work = Callable[[Transaction], T]


class Submission(Generic[T]):
    """A piece of work and, later, its result. Its lock opens when it is answered, or when its thread is to lead.

    One that is not `durable` is answered before it is on disk.
    """

    __slots__ = ("_error", "_result", "_wake", "answered", "durable", "handling", "work")

    def __init__(self, work: Work[T], *, durable: bool = True, handling: Handling | None = None) -> None:
        self.work = work
        self.durable = durable
        self.handling = handling
        self.answered = False
        self._wake = threading.Lock()
        self._wake.acquire()
        self._error: BaseException | None = None
        self._result: T | None = None

    def run(self, transaction: Transaction) -> None:
        """Do the work; what it raises comes out. Raise StoreUnavailable where what came before it was lost."""
        handling = self.handling
        if handling is not None and handling.lost is not None:
            raise handling.lost
        self._error = None
        self._result = self.work(transaction)
        if handling is not None and not self.durable:
            handling.pending = True
            transaction.handlings.add(handling)

    def fail(self, error: BaseException) -> None:
        """Keep what it failed of."""
        self._error = error

    def answer(self) -> None:
        """Let whoever waits have the result."""
        self.answered = True
        self._wake.release()

    def wait(self) -> None:
        """Wait for the answer, or for the turn to lead."""
        self._wake.acquire()

    def wake(self) -> None:
        """Let its thread lead."""
        self._wake.release()

    def result(self) -> T:
        """Return what the work returned; raise what it failed of."""
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # set by run, whose type it is
