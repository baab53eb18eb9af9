"""What a process has one of, however many of its threads ask for it first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
T = TypeVar("T")


class OnFirstUse(Generic[T]):
    """Makes something once, when somebody first asks for it. Who asks meanwhile waits, and gets the same.

    `functools.cache` lets each of them make one of their own.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: list[T] = []
        self._lock = threading.Lock()

    def __call__(self) -> T:
        """Return it."""
        made = self._made
        if made:
            return made[0]
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]

    def let_go(self) -> list[T]:
        """Return what was made, if anything, and forget it."""
        with self._lock:
            made, self._made = self._made, []
            return made


class OnceForEach(Generic[K, T]):
    """Makes something once for each key, when somebody first asks for it; what cannot be made is tried again."""

    def __init__(self, make: Callable[[K], T]) -> None:
        self._make = make
        self._made: dict[K, T] = {}
        self._lock = threading.Lock()

    def __call__(self, key: K) -> T:
        """Return what belongs to a key."""
        with self._lock:
            if key not in self._made:
                self._made[key] = self._make(key)
            return self._made[key]
