"""Pieces of work for the writer, and the transaction that they run in."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Transaction:
    """A group's transaction: the connection, and what is to be done once it is on disk."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.execute = connection.execute
        self.executemany = connection.executemany
        self.afterwards: list[Callable[[], None]] = []


Work = Callable[[Transaction], T]


class Submission(Generic[T]):
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
        """Do the work; what it raises comes out."""
        self._error = None
        self._result = self.work(transaction)

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
