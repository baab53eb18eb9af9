"""How an account's queues stand: two requests for a queue that holds something, one for an empty one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from shared.adapters.azure_storage.trouble import failures_named, patiently
from shared.on_first_use import OnFirstUse
from shared.ports.queues import QueueLevel

if TYPE_CHECKING:
    from azure.storage.queue import QueueServiceClient


class AzureQueueLook:
    """Asks the service, which counts roughly, and shows of messages only those that can be taken now."""

    def __init__(self, service: OnFirstUse[QueueServiceClient]) -> None:
        self._service = service

    def levels(self, queues: Sequence[str]) -> Mapping[str, QueueLevel]:
        """See QueueLook."""
        return {queue: self._level(queue) for queue in queues}

    def _level(self, queue: str) -> QueueLevel:
        from azure.core.exceptions import ResourceNotFoundError

        client = self._service().get_queue_client(queue)
        with failures_named(queue):
            try:
                length = patiently(client.get_queue_properties).approximate_message_count or 0
                seen = patiently(lambda: client.peek_messages(max_messages=1)) if length else []
            except ResourceNotFoundError:
                return QueueLevel(length=0, oldest=None)
        return QueueLevel(length=length, oldest=seen[0].inserted_on if seen else None)
