"""Queues that have to be asked over a network: what this very process sends is announced, and leases are kept up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol, runtime_checkable

from infra.local.host.leases import LENGTH, RenewedLeases
from shared.domain.messages.queues import poison_of
from shared.ports.queues import QueueReceiver, Queues, Received
from shared.ports.store import OutboxRow

_NOW = timedelta(0)


class Remote(Queues, QueueReceiver, Protocol):
    """Sending and receiving by one object."""

    def renew(self, message: Received, *, visibility: timedelta) -> Received | None:
        """Lease a message for longer and return it with its new receipt, None where the lease was lost."""
        ...


@runtime_checkable
class AnnouncingReceiver(QueueReceiver, Protocol):
    """Receiving by somebody who hears what this process sends; what comes from elsewhere is found by looking."""

    def on_sent(self, tell: Callable[[str, timedelta], None]) -> None:
        """Call this with a queue and a delay: a message can be received there then."""
        ...


class RemoteQueues:
    """Both ends for the local host. A lease is a short one and kept up until the message is settled, whatever is asked for."""

    def __init__(self, queues: Remote, *, lease: timedelta = LENGTH) -> None:
        self._queues = queues
        self._listener: Callable[[str, timedelta], None] | None = None
        self._leases = RenewedLeases(lambda message, length: queues.renew(message, visibility=length), length=lease)

    def on_sent(self, tell: Callable[[str, timedelta], None]) -> None:
        """See AnnouncingReceiver."""
        self._listener = tell

    def send(self, queue: str, body: str, *, delay: timedelta = _NOW) -> None:
        """See Queues."""
        self._queues.send(queue, body, delay=delay)
        self._tell(queue, delay)

    def send_outbox(self, service: str, rows: Sequence[OutboxRow]) -> None:
        """See Queues."""
        self._queues.send_outbox(service, rows)
        for row in rows:
            self._tell(row.message.queue, row.message.delay)

    def put_off(self, service: str, row: OutboxRow, *, delay: timedelta) -> None:
        """See Queues."""
        self._queues.put_off(service, row, delay=delay)
        self._tell(row.message.queue, delay)

    def receive(self, queue: str, *, most: int, visibility: timedelta, wait: timedelta) -> Sequence[Received]:
        """See QueueReceiver."""
        found = self._queues.receive(queue, most=most, visibility=min(visibility, self._leases.length), wait=wait)
        if found:
            self._leases.take(found)
        return found

    def delete(self, message: Received) -> None:
        """See QueueReceiver."""
        self._queues.delete(self._leases.let_go(message))

    def release(self, message: Received, *, delay: timedelta) -> None:
        """See QueueReceiver."""
        self._queues.release(self._leases.let_go(message), delay=delay)
        self._tell(message.queue, delay)

    def poison(self, message: Received, *, reason: str) -> None:
        """See QueueReceiver."""
        self._queues.poison(self._leases.let_go(message), reason=reason)
        self._tell(poison_of(message.queue), _NOW)

    def poison_queues(self) -> Sequence[str]:
        """See QueueReceiver."""
        return self._queues.poison_queues()

    def count(self, queue: str) -> int:
        """See QueueReceiver."""
        return self._queues.count(queue)

    def _tell(self, queue: str, delay: timedelta) -> None:
        if self._listener is not None:
            self._listener(queue, delay)
