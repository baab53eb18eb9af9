"""The Queues port on Azure Queues, and receiving from them for the local host; on Azure the Functions host receives.

Messages travel as plain text: host.json's `messageEncoding` must be `none`. Queues are made when the first message is
sent to one. A lease (visibility) is whatever the receiver asks for, host.json's on the local host: longer than the
longest step between two of its writes, so that a message is delivered twice only where a host has died.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from shared.adapters.azure_storage.trouble import failures_named, patiently
from shared.adapters.storage import partition
from shared.adapters.storage.sizes import message_text
from shared.domain.messages.queues import POISON, SLIPWAY, poison_of
from shared.on_first_use import OnFirstUse
from shared.ports.queues import Received
from shared.ports.store import OutboxRow, StoreUnavailable, TooLarge
from shared.telemetry import log_event

if TYPE_CHECKING:
    from azure.storage.queue import QueueClient, QueueServiceClient

T = TypeVar("T")

_FOR_EVER = -1  # the service forgets a message after seven days unless it is told otherwise
_LONGEST_DELAY = timedelta(days=7) - timedelta(seconds=1)
_MOST_AT_ONCE = 32  # the service's own
_MOMENT = timedelta(minutes=1)
_LOST = frozenset({400, 404})  # the receipt is not the newest any more, or the message is gone
# seconds between two looks at an empty queue
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0


class AzureQueues:
    """Sending, and receiving by whoever asks for a message. Nothing is imported or sent before the first."""

    def __init__(self, service: OnFirstUse[QueueServiceClient]) -> None:
        self._service = service
        self._clients: dict[str, QueueClient] = {}
        self._closed = threading.Event()

    def send(self, queue: str, body: str, *, delay: timedelta = timedelta(0)) -> None:
        """See Queues. A delay is cut to what the service can hold, seven days; who receives it must look at the time."""
        seconds, text = _whole(delay), message_text(body)
        if len(text.encode()) > partition.MOST_VALUE:
            raise TooLarge(f"a message for {queue} is larger than {partition.MOST_VALUE} bytes; keep it as evidence")
        self._made_if_missing(
            queue, lambda client: client.send_message(text, visibility_timeout=seconds, time_to_live=_FOR_EVER)
        )

    def send_outbox(self, service: str, rows: Sequence[OutboxRow]) -> None:  # noqa: ARG002 - the port's
        """See Queues. Sent twice, a row is delivered twice, and doing an effect twice is harmless."""
        for row in rows:
            self.send(row.message.queue, row.message.body, delay=row.message.delay)

    def put_off(self, service: str, row: OutboxRow, *, delay: timedelta) -> None:  # noqa: ARG002 - the port's
        """See Queues. The outbox is a table's; the message that is worked on now will be acknowledged."""
        self.send(row.message.queue, row.message.body, delay=delay)

    def receive(self, queue: str, *, most: int, visibility: timedelta, wait: timedelta) -> Sequence[Received]:
        """See QueueReceiver. Who waits looks again, at most a second later; the local host waits by itself."""
        end, pause = time.monotonic() + wait.total_seconds(), _SHORTEST_PAUSE
        while True:
            try:
                found = self._received(queue, min(most, _MOST_AT_ONCE), _whole(visibility))
            except StoreUnavailable:
                if self._closed.is_set():
                    return []
                raise
            left = end - time.monotonic()
            if found or left <= 0 or self._closed.wait(min(pause, left)):
                return found
            pause = min(2 * pause, _LONGEST_PAUSE)

    def delete(self, message: Received) -> None:
        """See QueueReceiver."""
        with failures_named(message.queue):
            self._if_held(lambda: self._client(message.queue).delete_message(message.id, message.receipt))

    def release(self, message: Received, *, delay: timedelta) -> None:
        """See QueueReceiver."""
        self.renew(message, visibility=delay)

    def renew(self, message: Received, *, visibility: timedelta) -> Received | None:
        """Lease a message for so long from now on and return it with its new receipt; None where the lease was lost."""
        with failures_named(message.queue):
            found = self._if_held(
                lambda: self._client(message.queue).update_message(
                    message.id, message.receipt, visibility_timeout=_whole(visibility)
                )
            )
        if found is None:
            return None
        receipt = found.pop_receipt or ""
        return Received(
            queue=message.queue, id=message.id, body=message.body, attempts=message.attempts, receipt=receipt
        )

    def poison(self, message: Received, *, reason: str) -> None:
        """See QueueReceiver. Sent before it is deleted: a crash in between leaves it twice, never not at all."""
        held = self.renew(message, visibility=_MOMENT)
        if held is None:
            return
        self.send(poison_of(message.queue), message.body)
        log_event("queue.poisoned", queue=message.queue, message=message.id, reason=reason)
        self.delete(held)

    def poison_queues(self) -> Sequence[str]:
        """See QueueReceiver. One request, as a queue is there from its first message on."""
        with failures_named("queues"):
            found = patiently(lambda: [one.name for one in self._service().list_queues(name_starts_with=SLIPWAY)])
        return sorted(name for name in found if name.endswith(POISON))

    def count(self, queue: str) -> int:
        """See QueueReceiver. The service counts roughly."""
        from azure.core.exceptions import ResourceNotFoundError

        with failures_named(queue):
            try:
                found = patiently(lambda: self._client(queue).get_queue_properties())
            except ResourceNotFoundError:
                return 0
        return int(found.approximate_message_count or 0)

    def close(self) -> None:
        """Send home who waits; the service's connections are closed by whoever has it."""
        self._closed.set()
        self._clients.clear()

    def _client(self, queue: str) -> QueueClient:
        # Two threads may make one each; they share the service's connections.
        return self._clients.get(queue) or self._clients.setdefault(queue, self._service().get_queue_client(queue))

    def _received(self, queue: str, most: int, seconds: int) -> list[Received]:
        from azure.core.exceptions import ResourceNotFoundError

        client = self._client(queue)
        with failures_named(queue):
            try:
                pages = client.receive_messages(messages_per_page=most, max_messages=most, visibility_timeout=seconds)
                found = patiently(lambda: next(pages.by_page(), ()))
                return [
                    Received(
                        queue=queue,
                        id=one.id,
                        body=one.content,
                        attempts=one.dequeue_count or 1,
                        receipt=one.pop_receipt or "",
                    )
                    for one in found
                ]
            except ResourceNotFoundError:
                return []

    def _if_held(self, work: Callable[[], T]) -> T | None:
        from azure.core.exceptions import HttpResponseError

        try:
            return patiently(work)
        except HttpResponseError as error:
            if error.status_code not in _LOST:
                raise
            return None

    def _made_if_missing(self, queue: str, work: Callable[[Any], object]) -> None:
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        client = self._client(queue)
        with failures_named(queue):
            try:
                patiently(lambda: work(client))
            except ResourceNotFoundError:
                with suppress(ResourceExistsError):  # another instance met the same gap
                    patiently(client.create_queue)
                patiently(lambda: work(client))


def _whole(delay: timedelta) -> int:
    """Seconds, rounded up: nothing is seen before its time."""
    return -(-min(delay, _LONGEST_DELAY) // timedelta(seconds=1))
