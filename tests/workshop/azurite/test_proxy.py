"""The proxy before the emulator: what it counts, and what it lets happen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.storage.queue import QueueClient

from shared.adapters.azure_storage import AzureStorage
from shared.adapters.azure_storage.trouble import retry_after
from tests.support import azurite
from tests.support.clock import Clock
from tests.support.stores import SERVICE, a_write, always, receive_none, receive_one
from tests.workshop.azurite.calls import ONE_RANGE, Call, counted, lines, ours
from tests.workshop.azurite.faults import BUSY, LOST_ANSWER, LOST_REQUEST, Late, Refused
from tests.workshop.azurite.proxy import StorageProxy

pytestmark = pytest.mark.real("azurite")


@pytest.fixture
def proxy() -> Iterator[StorageProxy]:
    """A proxy of the test's own."""
    azurite.empty_queues()
    with closing(StorageProxy(azurite.connection())) as found:
        yield found


@pytest.fixture
def queue(proxy: StorageProxy) -> Iterator[QueueClient]:
    """An empty queue behind it, whose client tries nothing again."""
    with QueueClient.from_connection_string(proxy.connection, "q-proxied", retry_total=0) as found:
        found.create_queue()
        proxy.clear()
        yield found


def any_send(call: Call) -> bool:
    """Choose what sends."""
    return call.kind == "send"


def test_requests_are_counted_by_what_they_are(proxy: StorageProxy) -> None:
    """What a receiver asks for itself is apart: on Azure it is the Functions host's."""
    with closing(AzureStorage.of_connection(proxy.connection, Clock(), prefix=azurite.new_prefix())) as storage:
        storage.store.transact(SERVICE, "e1", always(a_write()))
        storage.rows.get("shipping", "config")
        storage.queues.send("slipway-deploy", "body")
        message = receive_one(storage.queues)
        assert receive_none(storage.queues)
        assert receive_none(storage.queues, "slipway-never-sent-to")
        storage.queues.delete(message)

    counts = counted(proxy.calls)

    assert counts["table query"] == 2
    assert counts["table get"] == 1
    assert counts["table batch"] == 2  # the first one finds no table
    assert (counts["queue receive"], counts["queue receive nothing"], counts["queue acknowledge"]) == (1, 2, 1)
    assert ours(counts) == sum(counts.values()) - 4
    assert f"{ours(counts):6}  in all" in lines(counts)


def test_a_query_of_a_range_is_told_from_a_scan(proxy: StorageProxy) -> None:
    """The contract suites ask for it after every test."""
    with closing(AzureStorage.of_connection(proxy.connection, Clock(), prefix=azurite.new_prefix())) as storage:
        storage.rows.list("it's", prefix="tip~")

    assert [ONE_RANGE.fullmatch(call.filter) is not None for call in proxy.calls] == [True]
    assert not ONE_RANGE.fullmatch("PartitionKey eq 'a'")
    assert not ONE_RANGE.fullmatch("RowKey ge 'a' and RowKey lt 'b'")
    assert not ONE_RANGE.fullmatch("PartitionKey eq 'a' or PartitionKey eq 'b' and RowKey ge 'a' and RowKey lt 'b'")


def test_a_refused_request_does_nothing(proxy: StorageProxy, queue: QueueClient) -> None:
    """The service's word and its Retry-After reach the client; what comes next is as always."""
    proxy.have(Refused(status=503, code="ServerBusy", retry_after=7), any_send)

    with pytest.raises(HttpResponseError) as refused:
        queue.send_message("one")
    queue.send_message("two")

    assert refused.value.status_code == 503
    assert retry_after(refused.value) == timedelta(seconds=7)
    assert [one.content for one in queue.peek_messages(9)] == ["two"]


def test_a_lost_answer_is_of_a_request_that_was_done(proxy: StorageProxy, queue: QueueClient) -> None:
    """A lost request was not; neither is answered."""
    proxy.have(LOST_REQUEST, any_send)
    proxy.have(LOST_ANSWER, any_send)

    for body in ("request", "answer"):
        with pytest.raises((ServiceRequestError, ServiceResponseError)):
            queue.send_message(body)

    assert [one.content for one in queue.peek_messages(9)] == ["answer"]
    assert [call.status for call in proxy.calls if any_send(call)] == [0, 0]


@pytest.mark.parametrize(
    ("late", "order"),
    [
        (Late(before="send"), ["late", "next"]),
        (Late(after="send"), ["next", "late"]),
        (Late(before="receive"), ["next", "late"]),
        (Late(), ["next"]),
    ],
)
def test_a_late_request_arrives_when_it_is_to(
    proxy: StorageProxy, queue: QueueClient, late: Late, order: list[str]
) -> None:
    """Its sender has met a broken connection, and hears nothing of it."""
    proxy.have(late, any_send)

    with pytest.raises((ServiceRequestError, ServiceResponseError)):
        queue.send_message("late")
    queue.send_message("next")

    assert [one.content for one in queue.receive_messages(visibility_timeout=60)] == order
    assert proxy.arrive() == [201] * (2 - len(order))


def test_a_late_batch_that_is_refused_is_told_of(proxy: StorageProxy) -> None:
    """The service takes a batch and says inside what it thought of it."""
    with closing(AzureStorage.of_connection(proxy.connection, Clock(), prefix=azurite.new_prefix())) as storage:
        storage.store.transact(SERVICE, "e0", always(a_write()))
        proxy.have(Late(), lambda call: call.kind == "batch")
        storage.store.transact(SERVICE, "e1", always(a_write()))

    assert proxy.arrive() == [412]


def test_a_fault_that_nothing_met_is_told_of(proxy: StorageProxy) -> None:
    """A test that asks for more faults than happen can see it."""
    proxy.have(BUSY, any_send, times=3)

    assert (proxy.heal(), proxy.heal()) == (3, 0)


def test_what_never_arrived_is_told_of(proxy: StorageProxy, queue: QueueClient) -> None:
    """It is forgotten with the faults that nothing met."""
    proxy.have(Late(), any_send)
    with pytest.raises((ServiceRequestError, ServiceResponseError)):
        queue.send_message("late")

    assert (proxy.heal(), proxy.arrive()) == (1, [])
