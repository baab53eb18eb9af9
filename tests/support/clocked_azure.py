"""A storage account under the clock of a test: state and messages lie in the emulator, time is the test's.

A message goes into the real queue at once and is taken out of it under a long lease; when it may be seen, and by whom, is then
told by the test's clock. It leaves the real queue when it is acknowledged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from shared.adapters.azure_storage import AzureStorage
from shared.adapters.azure_storage.queues import AzureQueues
from shared.adapters.storage.leased_message import LeasedMessage
from shared.adapters.storage.message_leases import MessageLeases
from shared.codec.envelope import addressee
from shared.ports.queues import Received
from shared.ports.store import OutboxRow
from tests.support import azurite

_LEASE = timedelta(hours=1)
_NOW = timedelta(0)


class ClockedAzure:
    """An empty account, opened as the other databases are."""

    def __init__(self, now: Callable[[], datetime], elapsed: Callable[[], timedelta], *, connection: str = "") -> None:
        azurite.empty_queues()
        self._storage = AzureStorage.of_connection(
            connection or azurite.connection(), now, prefix=azurite.new_prefix(), elapsed=elapsed
        )
        self.store, self.rows, self.evidence = self._storage.store, self._storage.rows, self._storage.evidence
        self.queues = ClockedQueues(self._storage.queues, elapsed)

    def recover(self) -> None:
        """Nothing was left behind."""

    def close(self) -> None:
        """Close the connections."""
        self._storage.close()


class ClockedQueues:
    """Azure's queues, with leases and delays by a clock that a test moves."""

    def __init__(self, queues: AzureQueues, elapsed: Callable[[], timedelta]) -> None:
        self._queues, self._delivery = queues, MessageLeases(elapsed)
        self._held: dict[str, Received] = {}

    def send(self, queue: str, body: str, *, delay: timedelta = _NOW) -> None:
        """See Queues."""
        self._queues.send(queue, body)
        [message] = self._queues.receive(queue, most=1, visibility=_LEASE, wait=timedelta(seconds=30))
        self._held[message.id] = message
        self._delivery.offer(
            [LeasedMessage(id=message.id, queue=queue, body=message.body, delay=delay, group=addressee(message.body))]
        )

    def send_outbox(self, service: str, rows: Sequence[OutboxRow]) -> None:
        """See Queues."""
        for row in rows:
            self.send(row.message.queue, row.message.body, delay=row.message.delay)

    def put_off(self, service: str, row: OutboxRow, *, delay: timedelta) -> None:
        """See Queues."""
        self.send(row.message.queue, row.message.body, delay=delay)

    def receive(self, queue: str, *, most: int, visibility: timedelta, wait: timedelta) -> Sequence[Received]:
        """See QueueReceiver."""
        return self._delivery.take(queue, most=most, visibility=visibility, wait=wait)

    def delete(self, message: Received) -> None:
        """See QueueReceiver."""
        if self._delivery.settle(message) is not None:
            self._queues.delete(self._held.pop(message.id))

    def release(self, message: Received, *, delay: timedelta) -> None:
        """See QueueReceiver."""
        self._delivery.put_back(message, delay)

    def poison(self, message: Received, *, reason: str) -> None:
        """See QueueReceiver."""
        if self._delivery.settle(message) is not None:
            self._queues.poison(self._held.pop(message.id), reason=reason)

    def poison_queues(self) -> Sequence[str]:
        """See QueueReceiver. What they hold lies in the emulator, and no test under this clock takes it."""
        return self._queues.poison_queues()

    def count(self, queue: str) -> int:
        """See QueueReceiver."""
        return self._delivery.sizes().get(queue, 0)
