"""Where state lies: one partition for each service, changed by one batch for each decision.

Stores know rows of bytes and nothing of what they mean (the codec does). What a service's rows are called is in
`shared/codec/state.py`, and what a store's own are in `shared/adapters/storage/partition.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from shared.domain.values.errors import SlipwayError


class StaleService(SlipwayError):
    """Other writers were faster too often; nothing was written. Try again later."""


class StoreUnavailable(SlipwayError):
    """The store cannot be reached or refuses to work; it is not known to have changed anything.

    No message is at fault: whoever was working on one looks again after `retry_after`, as often as it takes.
    """

    retry_after: timedelta = timedelta(seconds=5)

    def __init__(self, message: str = "", *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        if retry_after is not None:
            self.retry_after = retry_after


class StoreFull(StoreUnavailable):
    """The store's disk has no room left; nothing was changed. It works again when there is room."""


class StoreRefused(StoreUnavailable):
    """The store will not have what it was asked, now or later: a fault of ours. A message that brings it is poison."""


class TooLarge(SlipwayError):
    """The batch is beyond what a store can hold (100 rows, 64 KiB a value, 4 MiB in all); nothing was written."""


class Message(NamedTuple):
    """An effect of a decision, in the outbox: `queue` is the queue's name, `body` the encoded envelope.

    `looks`: it changes nothing outside, so that it may be performed before the decision is safe, and is lost with it.
    """

    queue: str
    body: str
    delay: timedelta = timedelta(0)
    looks: bool = False


def outbox_prefix(sequence: int) -> str:
    """Begin the names of all effects of a decision."""
    return f"1~outbox~{sequence:020d}~"


def outbox_key(sequence: int, number: int) -> str:
    """Name the n-th effect of the decision that commits as `sequence`."""
    return f"{outbox_prefix(sequence)}{number:02d}"


class OutboxRow(NamedTuple):
    """A message that a decision saved and that is not known to be done."""

    key: str
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A service as it is read before a decision.

    `rows` is the range `1~` without head and outbox, row key to value; `outbox` the open effects; `estate` the range
    `1~` of the partition `estate`, which is written by transactions too, and `estate_sequence` its sequence; `extra` the rows that an earlier call of fn asked for by raising NeedsRows.
    `decoded` is what the decision before said that `rows` mean, where this process made it and the store remembers it.
    """

    sequence: int
    ledger_hash: str
    rows: Mapping[str, bytes]
    outbox: Mapping[str, Message]
    estate: Mapping[str, bytes]
    extra: Mapping[str, bytes | None]
    estate_sequence: int = 0
    decoded: object = field(default=None, compare=False)


class NeedsRows(SlipwayError):
    """fn asks for rows outside the range `1~`; the store reads them and calls it again."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = tuple(keys)
        super().__init__(f"rows {', '.join(self.keys)} are needed")


class Due(NamedTuple):
    """A hint that a service must be looked at when the time has come."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One decision, encoded: rows to put and to delete, the ledger entry, the outbox, hints for the tick.

    `ledger` is called with (sequence, previous hash) and returns the entry's exact bytes; the store hashes them
    (SHA-256 of previous hash, as ASCII hex, and the bytes), keeps hash and bytes and never encodes them again.
    `mark` says whether the event is kept as seen: one that takes an effect out of the outbox needs no mark, as that
    effect can be reported only once. `decoded` comes back as Loaded's, for who reads the rows next.
    """

    puts: Mapping[str, bytes] = field(default_factory=dict)
    deletes: frozenset[str] = frozenset()
    ledger: Callable[[int, str], bytes]
    outbox: tuple[Message, ...] = ()
    done: frozenset[str] = frozenset()
    due: tuple[Due, ...] = ()
    mark: bool = True
    decoded: object = None


class Committed(NamedTuple):
    """What a transaction led to: its sequence and the outbox rows of that sequence that are not done.

    `duplicate` is set where the event had been committed before: nothing was written, `sequence` is that of the first time.
    `write` is what was written, the very one that fn returned: of several, not always the last. None where nothing was.
    """

    sequence: int
    ledger_hash: str
    outbox: tuple[OutboxRow, ...]
    duplicate: bool = False
    write: Write | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """A ledger entry as it was stored."""

    sequence: int
    previous: str
    hash: str
    body: bytes


class LedgerHead(NamedTuple):
    """A ledger's last entry, as its service's head says."""

    sequence: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRow:
    """A hint that has come due; `key` is what to delete it by."""

    key: str
    service: str
    at: datetime
    what: str


class Store(Protocol):
    """The services' partitions. `service` is `str(ServiceKey)`; adapters encode it as a partition key."""

    def transact(
        self,
        service: str,
        event_id: str,
        fn: Callable[[Loaded], Write | None],
        *,
        seen_for: timedelta = timedelta(days=30),
    ) -> Committed:
        """Read, call fn, write what it returns in one batch; again from the start when the head moved meanwhile.

        It is durable on return; but a thread that works for a message of a PoolReceiver may return before, and should that be lost, the message comes again.
        fn is pure and may be called more than once; None means that nothing is to be written. What fn raises comes out and nothing is written. An event id
        that was committed before with its mark writes nothing and is answered with `duplicate`; an empty one is of an event that has no mark. Outbox keys are `1~outbox~<sequence>~<n>`.
        Raise StaleService after too many tries, TooLarge beyond the limits, StoreUnavailable when the store fails.
        """
        ...

    def check(self) -> None:
        """Raise StoreUnavailable where the last write could not be kept and none can be now; cheap where all is well."""
        ...

    def forget(self, service: str, keys: Sequence[str]) -> bool:
        """Delete outbox rows whose effect is done and needs no report; in a crash that may be lost, and the effect done twice. Return whether any was there."""
        ...

    def read(self, service: str, *, exact: bool = True) -> Loaded:
        """Read a service without changing it; an unknown one is empty with sequence 0.

        Not `exact`, the estate may be a few seconds old, as it may be for a decision; who acts reads it exactly.
        """
        ...

    def row(self, service: str, key: str) -> bytes | None:
        """Read one row of a service's partition, e.g. an ended release."""
        ...

    def range(self, service: str, start: str, end: str, *, most: int) -> Sequence[tuple[str, bytes]]:
        """Read rows with start <= key < end in key order, `most` at most."""
        ...

    def ledger(self, service: str, *, after: int, most: int, exact: bool = True) -> Sequence[LedgerRow]:
        """Read ledger entries with a sequence above `after`, in order.

        Not `exact`, they may be what this process remembers of its own decisions; who judges the ledger reads it exactly.
        """
        ...

    def services(self, *, after: str = "", most: int, prefix: str = "") -> Sequence[str]:
        """Name services that were ever written and begin with `prefix`, in order after `after`; never for a decision."""
        ...

    def sequences(self, services: Sequence[str]) -> Mapping[str, int]:
        """Say how far each service is, 0 where it was never written; cheaper than reading it."""
        ...

    def heads(self, services: Sequence[str]) -> Mapping[str, LedgerHead]:
        """Say of each which entry of its ledger is the last; sequence 0 where it was never written."""
        ...

    def due(self, now: datetime, *, most: int) -> Sequence[DueRow]:
        """Read the hints whose time has come, earliest first. Of a service the earliest one may be all that is kept."""
        ...

    def add_due(self, service: str, due: Due) -> str:
        """Write a hint before anything that has no message behind it; return the key to remove it by when that is done."""
        ...

    def remove_due(self, keys: Sequence[str], *, decided: bool = True) -> None:
        """Remove hints that were looked at; unknown ones are ignored. Not `decided`: `add_due` wrote them, and no decision."""
        ...

    def prune(self, service: str, *, most: int) -> int:
        """Remove up to `most` of the service's marks of seen events that have expired, and return how many it were."""
        ...
