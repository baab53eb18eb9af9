"""Queues: what the doors and the outbox send to, and what a host receives from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol, runtime_checkable

from shared.ports.store import OutboxRow

QUEUE_LENGTH, QUEUE_AGE = "slipway.queue.length", "slipway.queue.oldest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message under a lease. `attempts` counts deliveries, this one included; `receipt` proves the lease.

    `reason` is why it lies in poison, where it does and that is known.
    """

    queue: str
    id: str
    body: str
    attempts: int
    receipt: str
    reason: str = ""


class Queues(Protocol):
    """Sending. Raise StoreUnavailable where the message is not known to be kept."""

    def send(self, queue: str, body: str, *, delay: timedelta = timedelta(0)) -> None:
        """Keep the message durably; it is received after the delay, at least once."""
        ...

    def send_outbox(self, service: str, rows: Sequence[OutboxRow]) -> None:
        """Send what a commit left in the outbox; sending a row twice is harmless."""
        ...

    def put_off(self, service: str, row: OutboxRow, *, delay: timedelta) -> None:
        """Send an effect that is not done yet once more, after the delay and with this body; it stays in the outbox."""
        ...


class QueueReceiver(Protocol):
    """Receiving: for the local host, as on Azure the Functions host does this, and for the tick what went to poison."""

    def receive(self, queue: str, *, most: int, visibility: timedelta, wait: timedelta) -> Sequence[Received]:
        """Lease up to `most` messages; wait up to `wait` for the first."""
        ...

    def delete(self, message: Received) -> None:
        """Acknowledge: the message was dealt with."""
        ...

    def release(self, message: Received, *, delay: timedelta) -> None:
        """Give the lease back; the message is received again after the delay."""
        ...

    def poison(self, message: Received, *, reason: str) -> None:
        """Move the message to `<queue>-poison`."""
        ...

    def poison_queues(self) -> Sequence[str]:
        """Names of the poison queues that may hold messages; most often there is none."""
        ...

    def count(self, queue: str) -> int:
        """How many messages the queue holds, leased and delayed ones included."""
        ...


@runtime_checkable
class PoolReceiver(QueueReceiver, Protocol):
    """Receiving from several queues by threads that come back as soon as they are done; for messages kept in memory."""

    def receive_any(self, queues: Mapping[str, int], *, visibility: timedelta) -> Received | None:
        """Lease the message that could be seen first in any of the queues; wait a second at most for one.

        The number of a queue is how many of its messages may be out at once. A thread that calls this is done with
        the message it was given before. What it does until then it does for the message: decisions may reach the disk
        together with the acknowledgement (see Store.transact), so nothing outside may be done after the last of them.
        """
        ...

    def on_need(self, more_hands: Callable[[], None]) -> None:
        """Call this where messages lie and none of the threads comes back to take them."""
        ...


class QueueLevel(NamedTuple):
    """How a queue stands: about how many messages it holds, and since when the oldest that can be taken is there."""

    length: int
    oldest: datetime | None


class QueueLook(Protocol):
    """Looking at queues without taking anything."""

    def levels(self, queues: Sequence[str]) -> Mapping[str, QueueLevel]:
        """Look at queues; one that was never sent to is empty. Raise StoreUnavailable."""
        ...
