"""Queues in memory. An acknowledged effect leaves the outbox too, as it does where outbox and queue are one (SQLite).

`ApartQueues` know nothing of the outbox, as a storage account's do.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from shared.adapters.storage import partition
from shared.adapters.storage.leased_message import LeasedMessage
from shared.adapters.storage.message_leases import MessageLeases, running_time
from shared.codec.envelope import addressee
from shared.domain.messages.queues import POISON, poison_of
from shared.ports.queues import Received
from shared.ports.store import OutboxRow, TooLarge
from tests.contracts.memory.table import Table


class MemoryQueues:
    """Sending and receiving within one process."""

    def __init__(self, services: Table, *, elapsed: Callable[[], timedelta] = running_time) -> None:
        self._services = services
        self._delivery = MessageLeases(elapsed)
        self._numbers = itertools.count(1)
        self.reasons: dict[str, str] = {}

    def send(self, queue: str, body: str, *, delay: timedelta = timedelta(0)) -> None:
        """See Queues."""
        if len(body.encode()) > partition.MOST_VALUE:
            raise TooLarge(f"a message for {queue} is larger than {partition.MOST_VALUE} bytes; keep it as evidence")
        self._offer(queue, body, delay)

    def send_outbox(self, service: str, rows: Sequence[OutboxRow]) -> None:
        """See Queues."""
        for row in rows:
            if self._services.get(service, row.key) is not None:
                self._delivery.offer([_leased(service, row, row.message.delay)])

    def put_off(self, service: str, row: OutboxRow, *, delay: timedelta) -> None:
        """See Queues."""
        leased = _leased(service, row, delay)
        self._delivery.forget([leased.id])
        self._delivery.offer([leased])

    def receive(self, queue: str, *, most: int, visibility: timedelta, wait: timedelta) -> Sequence[Received]:
        """See QueueReceiver."""
        end = time.monotonic() + wait.total_seconds()
        while True:
            left = timedelta(seconds=max(0.0, end - time.monotonic()))
            found = self._delivery.take(queue, most=most, visibility=visibility, wait=left)
            if found or not left or self._delivery.closed:
                return found

    def receive_any(self, queues: Mapping[str, int], *, visibility: timedelta) -> Received | None:
        """See PoolReceiver."""
        return self._delivery.take_any(queues, visibility=visibility)

    def on_need(self, more_hands: Callable[[], None]) -> None:
        """See PoolReceiver."""
        self._delivery.on_need(more_hands)

    def delete(self, message: Received) -> None:
        """See QueueReceiver."""
        leased = self._delivery.settle(message)
        if leased is not None and leased.service:
            self._services.remove(leased.service, [leased.key])

    def release(self, message: Received, *, delay: timedelta) -> None:
        """See QueueReceiver."""
        self._delivery.put_back(message, delay)

    def poison(self, message: Received, *, reason: str) -> None:
        """See QueueReceiver."""
        leased = self._delivery.settle(message)
        if leased is None:
            return
        if leased.service:
            self._services.remove(leased.service, [leased.key])
        self.reasons[self._offer(poison_of(leased.queue), leased.body, timedelta(0), reason)] = reason

    def poison_queues(self) -> Sequence[str]:
        """See QueueReceiver."""
        return [queue for queue in self._delivery.sizes() if queue.endswith(POISON)]

    def count(self, queue: str) -> int:
        """See QueueReceiver."""
        return self._delivery.sizes().get(queue, 0)

    def close(self) -> None:
        """Stop handing out messages."""
        self._delivery.close()

    def _offer(self, queue: str, body: str, delay: timedelta, reason: str = "") -> str:
        id_ = str(next(self._numbers))
        self._delivery.offer(
            [LeasedMessage(id=id_, queue=queue, body=body, delay=delay, group=addressee(body), reason=reason)]
        )
        return id_


class ApartQueues(MemoryQueues):
    """Beside a store, and no part of it: what is acknowledged is in the outbox until a decision takes it out."""

    def send_outbox(self, service: str, rows: Sequence[OutboxRow]) -> None:
        """See Queues."""
        for row in rows:
            self._offer(row.message.queue, row.message.body, row.message.delay)

    def put_off(self, service: str, row: OutboxRow, *, delay: timedelta) -> None:
        """See Queues."""
        self._offer(row.message.queue, row.message.body, delay)


def _leased(service: str, row: OutboxRow, delay: timedelta) -> LeasedMessage:
    return LeasedMessage(
        id=f"{service}:{row.key}",
        queue=row.message.queue,
        body=row.message.body,
        delay=delay,
        service=service,
        key=row.key,
    )
