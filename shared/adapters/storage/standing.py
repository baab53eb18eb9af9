"""Hints whose standing a service's head knows: they are taken out of the head before they are removed.

So a decision that finds one there can do without a hint of its own, whatever anybody's clock shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from shared.adapters.storage import packing, partition
from shared.adapters.storage.optimistic import TRIES
from shared.adapters.storage.partitions import Moved
from shared.ports.store import StaleService


class Heads(Protocol):
    """What a store of plain rows must be able to do with a service's head."""

    def head(self, service: str) -> tuple[bytes, str] | None:
        """Read it, with its etag."""
        ...

    def replace_head(self, service: str, value: bytes, etag: str) -> None:
        """Write it if it is as it was read; raise Moved."""
        ...


def take_out(heads: Heads, keys: Iterable[str]) -> None:
    """Let no head name one of these hints any more. Raise StaleService where others were always faster."""
    of: dict[str, set[str]] = {}
    for key in keys:
        of.setdefault(partition.service_of_due(key), set()).add(partition.time_of_due(key))
    for service, times in of.items():
        if service:
            _take_out(heads, service, times)


def _take_out(heads: Heads, service: str, times: set[str]) -> None:
    for _ in range(TRIES):
        found = heads.head(service)
        rest = packing.head_without(found[0], times) if found is not None else None
        if found is None or rest is None:
            return
        try:
            heads.replace_head(service, rest, found[1])
        except Moved:
            continue
        return
    raise StaleService(f"{service} was changed by others {TRIES} times while a hint was to be removed; try again")
