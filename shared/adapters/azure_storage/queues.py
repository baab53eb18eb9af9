"""The Queues port on Azure Queues. Receiving is the Functions host's part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shared.adapters.azure_storage.client import reason
from shared.adapters.storage import partition
from shared.ports.store import OutboxRow, StoreUnavailable, TooLarge

if TYPE_CHECKING:
    from azure.storage.queue import QueueServiceClient

_FOR_EVER = -1  # the service forgets a message after seven days unless it is told otherwise
_LONGEST_DELAY = timedelta(days=7) - timedelta(seconds=1)
# A door answers within seconds; the SDK's own waits between tries are 15 s and more.
_SETTINGS: dict[str, Any] = {
    "retry_total": 2,
    "initial_backoff": 0,
    "increment_base": 1,
    "random_jitter_range": 1,
    "connection_timeout": 5,
    "read_timeout": 10,
}


class AzureQueues:
    """Sends messages as plain text; host.json's `messageEncoding` must be `none`. Queues are made when they are missing."""

    def __init__(self, service: QueueServiceClient) -> None:
        self._service = service

    @classmethod
    def of_account(cls, endpoint: str, credential: Any) -> AzureQueues:
        """Send to an account's queues with an identity."""
        from azure.storage.queue import QueueServiceClient

        return cls(QueueServiceClient(endpoint, credential=credential, **_SETTINGS))

    @classmethod
    def of_connection(cls, connection: str) -> AzureQueues:
        """Send to queues by a connection string, as Azurite has one."""
        from azure.storage.queue import QueueServiceClient

        return cls(QueueServiceClient.from_connection_string(connection, **_SETTINGS))

    def send(self, queue: str, body: str, *, delay: timedelta = timedelta(0)) -> None:
        """See Queues. A delay is cut to what the service can hold, seven days; who receives it must look at the time."""
        if len(body.encode()) > partition.MOST_VALUE:
            raise TooLarge(f"a message for {queue} is larger than {partition.MOST_VALUE} bytes; keep it as evidence")
        seconds = -(-min(delay, _LONGEST_DELAY) // timedelta(seconds=1))
        with _failures_named(queue):
            self._made_if_missing(
                queue, lambda client: client.send_message(body, visibility_timeout=seconds, time_to_live=_FOR_EVER)
            )

    def send_outbox(self, service: str, rows: Sequence[OutboxRow]) -> None:  # noqa: ARG002 - the port's
        """See Queues. Sent twice, a row is delivered twice, and doing an effect twice is harmless."""
        for row in rows:
            self.send(row.message.queue, row.message.body, delay=row.message.delay)

    def put_off(self, service: str, row: OutboxRow, *, delay: timedelta) -> None:  # noqa: ARG002 - the port's
        """See Queues. The outbox is a table's; the message that is worked on now will be acknowledged."""
        self.send(row.message.queue, row.message.body, delay=delay)

    def close(self) -> None:
        """Close the connections."""
        self._service.close()

    def _made_if_missing(self, queue: str, work: Callable[[Any], object]) -> None:
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        client = self._service.get_queue_client(queue)
        try:
            work(client)
        except ResourceNotFoundError:
            with suppress(ResourceExistsError):  # another instance met the same gap
                client.create_queue()
            work(client)


@contextmanager
def _failures_named(queue: str) -> Iterator[None]:
    from azure.core.exceptions import AzureError

    try:
        yield
    except AzureError as error:
        raise StoreUnavailable(
            f"queue {queue} cannot be sent to: {reason(error)}; try again, and look at the account's health"
        ) from error
