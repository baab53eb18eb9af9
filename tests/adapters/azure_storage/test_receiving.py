"""Receiving from Azure's queues, by their own clock. What every queue promises is in tests/contracts. On Azurite."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.stores import MINUTE, BothEnds, Opened, opened, receive_none, receive_one
from tests.workshop.azurite.proxy import StorageProxy

pytestmark = pytest.mark.real("azurite")

QUEUE = "slipway-deploy"
SECOND = timedelta(seconds=1)
PATIENCE = timedelta(seconds=30)


@pytest.fixture
def fixture(tmp_path: Path) -> Iterator[Opened]:
    """An empty account."""
    with opened("tables", tmp_path) as found:
        yield found


@pytest.fixture
def queues(fixture: Opened) -> BothEnds:
    """Its queues."""
    return fixture.queues


@pytest.fixture
def proxy(fixture: Opened) -> StorageProxy:
    """What counts the requests."""
    assert fixture.proxy is not None
    return fixture.proxy


def test_a_lease_that_runs_out_makes_a_message_visible_again(queues: BothEnds) -> None:
    """It is counted as delivered once more, and the old receipt is worth nothing."""
    queues.send(QUEUE, "body")
    [first] = queues.receive(QUEUE, most=1, visibility=SECOND, wait=timedelta(0))
    hidden = receive_none(queues)

    second = receive_one(queues, wait=PATIENCE)
    queues.delete(first)
    queues.release(first, delay=timedelta(0))
    queues.poison(first, reason="late")

    assert hidden
    assert (second.id, second.attempts) == (first.id, 2)
    assert (queues.count(QUEUE), queues.count(f"{QUEUE}-poison")) == (1, 0)
    assert receive_none(queues)


def test_a_message_that_was_given_back_is_seen_after_its_delay(queues: BothEnds) -> None:
    """Whatever its lease was."""
    queues.send(QUEUE, "body")
    queues.release(receive_one(queues), delay=SECOND)
    hidden = receive_none(queues)

    assert hidden
    assert receive_one(queues, wait=PATIENCE).attempts == 2


def test_a_delayed_message_is_seen_after_its_delay(queues: BothEnds) -> None:
    """Part of a second is a whole one: nothing is seen before its time."""
    queues.send(QUEUE, "body", delay=timedelta(milliseconds=1))
    hidden = receive_none(queues)

    assert hidden
    assert receive_one(queues, wait=PATIENCE).attempts == 1


def test_no_more_than_the_service_gives_are_asked_for(queues: BothEnds) -> None:
    """It gives 32 at once, and refuses to be asked for more."""
    for number in range(33):
        queues.send(QUEUE, str(number))

    first = queues.receive(QUEUE, most=100, visibility=MINUTE, wait=timedelta(0))
    second = queues.receive(QUEUE, most=100, visibility=MINUTE, wait=timedelta(0))

    assert (len(first), len(second)) == (32, 1)


def test_a_queue_that_nobody_has_sent_to_is_empty(queues: BothEnds) -> None:
    """And is not made by looking into it."""
    assert receive_none(queues, "slipway-nobody")
    assert queues.count("slipway-nobody") == 0


def test_what_another_process_sends_is_found_by_looking_again(fixture: Opened, tmp_path: Path) -> None:
    """A waiting receiver looks after a second at most."""
    fixture.queues.send(QUEUE, "first")
    fixture.queues.delete(receive_one(fixture.queues))
    found: list[str] = []
    receiver = threading.Thread(target=lambda: found.append(receive_one(fixture.queues, wait=PATIENCE).body))
    receiver.start()

    sent_elsewhere(fixture)
    receiver.join()

    assert found == ["second"]


def sent_elsewhere(fixture: Opened) -> None:
    """Send a message as another process does."""
    from azure.storage.queue import QueueClient

    assert fixture.proxy is not None
    with QueueClient.from_connection_string(fixture.proxy.connection, QUEUE) as client:
        client.send_message("second")


def test_a_waiting_receiver_asks_less_and_less_often(queues: BothEnds, proxy: StorageProxy) -> None:
    """An empty queue costs about a request each second and not ten."""
    queues.send(QUEUE, "body")
    queues.delete(receive_one(queues))
    proxy.clear()

    queues.receive(QUEUE, most=1, visibility=MINUTE, wait=3 * SECOND)

    assert 3 <= len(proxy.calls) <= 7


@pytest.mark.parametrize("text", ["<&>\"'", "\t \n", "é😀", "\x00\x1f\x7f", "\ufffe\uffff", "a" * 60_000])
def test_whatever_a_message_says_arrives(queues: BothEnds, text: str) -> None:
    """The service takes XML; what that cannot hold is said in JSON's own way."""
    queues.send(QUEUE, json.dumps({"text": text}, ensure_ascii=False))

    assert json.loads(receive_one(queues).body) == {"text": text}


def test_a_delay_beyond_what_the_service_holds_is_cut(queues: BothEnds, proxy: StorageProxy) -> None:
    """Seven days at most; who receives it looks again."""
    queues.send(QUEUE, "body", delay=timedelta(days=30))

    assert f"visibilitytimeout={7 * 24 * 3600 - 1}" in proxy.calls[-1].target
    assert queues.count(QUEUE) == 1
