"""Services' partitions for decisions without a lock: rows with etags, read by range and written by batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shared.adapters.storage.packing import Batch
from shared.domain.values.errors import SlipwayError
from shared.ports.store import Due, Loaded


class PartitionChanged(SlipwayError):
    """The batch was refused: another writer was faster, or the event is known."""


class Unsure(SlipwayError):
    """The batch was sent, and its answer was lost. It is written, or will be in a moment, or never.

    `retry_after`: how long the store asked to be left alone, if it did.
    """

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The range `1~` as it was read, with the head's etag; None if the service is new.

    `due_hint`: time of a hint that is known to be there, as nobody has looked at it yet.
    """

    loaded: Loaded
    etag: str | None
    due_hint: datetime | None = None


class Partitions(Protocol):
    """What a store of plain rows must be able to do."""

    def snapshot(self, service: str, *, exact: bool) -> Snapshot:
        """Read the range `1~` and the estate, which may be a few seconds old unless `exact`."""
        ...

    def fetch(self, service: str, keys: Iterable[str]) -> Mapping[str, bytes | None]:
        """Read single rows."""
        ...

    def hint(self, service: str, due: tuple[Due, ...], *, new: bool) -> None:
        """Write the hints that go before the batch."""
        ...

    def commit(self, service: str, batch: Batch, etag: str | None) -> None:
        """Write the batch whole or not at all; raise PartitionChanged or Unsure."""
        ...
