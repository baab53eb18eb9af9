"""Sending to Azure Queues. On Azurite."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from azure.storage.queue import QueueClient

from shared.adapters.azure_storage import AzureStorage
from shared.adapters.azure_storage.queues import AzureQueues
from shared.ports.store import OutboxRow, StoreUnavailable, TooLarge
from tests.support import azurite
from tests.support.clock import Clock
from tests.support.stores import SERVICE, a_message

pytestmark = pytest.mark.real("azurite")


@pytest.fixture
def queue() -> str:
    """A queue that is not there yet."""
    return f"slipway-{uuid.uuid4().hex}"


@pytest.fixture
def queues() -> Iterator[AzureQueues]:
    """The sender."""
    with closing(AzureStorage.of_connection(azurite.connection(), Clock())) as storage:
        yield storage.queues


@pytest.fixture
def receiver(queue: str) -> Iterator[QueueClient]:
    """What the Functions host has."""
    with QueueClient.from_connection_string(azurite.connection(), queue) as found:
        yield found


def test_a_message_is_sent_as_plain_text_to_a_queue_made_for_it(
    queues: AzureQueues, queue: str, receiver: QueueClient
) -> None:
    """The first message to a queue makes it."""
    for body in ('{"é": "<&>"}', "second"):
        queues.send(queue, body)

    assert [message.content for message in receiver.receive_messages()] == ['{"é": "<&>"}', "second"]


def test_a_message_never_expires_by_itself(queues: AzureQueues, queue: str, receiver: QueueClient) -> None:
    """The service's default of seven days would lose what waits behind an outage."""
    queues.send(queue, "body")

    (message,) = receiver.peek_messages()
    assert message.expires_on is not None
    assert message.expires_on.year > 9000


def test_a_delayed_message_is_kept_and_not_seen(queues: AzureQueues, queue: str, receiver: QueueClient) -> None:
    """Also a delay that is longer than the service can hold."""
    queues.send(queue, "minute", delay=timedelta(minutes=1))
    queues.send(queue, "month", delay=timedelta(days=30))

    assert not receiver.peek_messages(5)
    assert receiver.get_queue_properties().approximate_message_count == 2


def test_the_rows_of_an_outbox_are_sent_to_their_queues(queues: AzureQueues, queue: str, receiver: QueueClient) -> None:
    """Each as the decision saved it."""
    rows = [OutboxRow(key=f"1~outbox~1~{body}", message=a_message(body, queue=queue)) for body in ("a", "b")]

    queues.send_outbox(SERVICE, rows)

    assert [message.content for message in receiver.receive_messages()] == ["a", "b"]


@pytest.mark.parametrize(("character", "most"), [("x", 65_536), ("\uffff", 10_922)])
def test_a_message_that_is_too_large_is_refused(
    queues: AzureQueues, queue: str, receiver: QueueClient, character: str, most: int
) -> None:
    """Before anything is sent; what no XML can hold counts as the escape that it is sent as."""
    queues.send(queue, character * most)
    with pytest.raises(TooLarge, match="evidence"):
        queues.send(queue, character * (most + 1))

    assert len(receiver.peek_messages(5)) == 1


def test_queues_that_cannot_be_reached_are_unavailable(queue: str) -> None:
    """A door answers 503 to this."""
    gone = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;QueueEndpoint=http://127.0.0.1:1/a;"

    with closing(AzureStorage.of_connection(gone, Clock())) as storage, pytest.raises(StoreUnavailable, match=queue):
        storage.queues.send(queue, "body")
