"""Parts of records that were written before: a record changes at each step, and most of what it holds does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from shared.codec.primitives import Json, part


class Written:
    """An encoder of a frozen object, and of what is beside it, that knows by identity what it has written."""

    def __init__(self, encode: Callable[..., Json], most: int) -> None:
        self._encode, self._most = encode, most
        self._known: dict[tuple[int, ...], tuple[tuple[Any, ...], orjson.Fragment]] = {}

    def __call__(self, *written: object) -> orjson.Fragment:
        """Return its JSON, ready to be put into a record's; raise as `dump` does."""
        key = tuple(map(id, written))
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= self._most:
                self._known.clear()
            # What is kept lives on, so that its id is nobody else's.
            known = self._known[key] = (written, part(self._encode(*written)))
        return known[1]
