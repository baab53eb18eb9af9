"""What was read or written a moment ago, by its bytes or text: the next decision reads what the one before it wrote."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

B = TypeVar("B", bytes, str)
T = TypeVar("T")


class Memo(Generic[B, T]):
    """A decoder that remembers. Records are frozen, so the same bytes may give the same object; the oldest go first."""

    def __init__(self, decode: Callable[[B], T], most: int) -> None:
        self._decode: Callable[[B], T] = decode
        self._most = most
        # A dict would look for its oldest behind all the places that older ones have left.
        self._kept: OrderedDict[B, T] = OrderedDict()
        self._keeping = threading.Lock()

    def read(self, data: B) -> T:
        """Return the record that the bytes hold; raise what the decoder raises."""
        found = self._kept.get(data)
        return found if found is not None else self.keep(data, self._decode(data))

    def known(self, data: B) -> T | None:
        """Return what is remembered for the bytes, without reading them."""
        return self._kept.get(data)

    def keep(self, data: B, value: T) -> T:
        """Remember a record with its bytes, as read or as just written, and return it."""
        with self._keeping:
            if len(self._kept) >= self._most:
                self._kept.popitem(last=False)
            self._kept[data] = value
        return value

    def clear(self) -> None:
        """Forget everything."""
        with self._keeping:
            self._kept.clear()
