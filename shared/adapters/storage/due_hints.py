"""Hints that a service's head names.

A hint has the tick look at a service when its time has come. The head names one that is there, so that a decision which
finds an early enough one writes none of its own. That holds only while the hint really is there: so it is taken out of the
head before it is removed, whatever anybody's clock shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from shared.adapters.storage import packing, partition
from shared.adapters.storage.optimistic import TRIES
from shared.adapters.storage.partitions import PartitionChanged
from shared.ports.store import StaleService


class Heads(Protocol):
    """What a store of plain rows must be able to do with a service's head."""

    def head(self, service: str) -> tuple[bytes, str] | None:
        """Read it, with its etag."""
        ...

    def replace_head(self, service: str, value: bytes, etag: str) -> None:
        """Write it if it is as it was read; raise PartitionChanged."""
        ...


def take_out(heads: Heads, keys: Iterable[str]) -> None:
    """Take these hints out of the heads that name them. Raise StaleService if other writers were always faster."""
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
        except PartitionChanged:
            continue
        return
    raise StaleService(f"{service} was changed by others {TRIES} times while a hint was to be removed; try again")
