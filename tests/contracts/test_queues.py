"""Queues: at least once, one receiver at a time. Run on every store.

What takes time runs on memory and SQLite only: Azure's queues count by their own clock (tests/adapters/azure_storage).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared.codec.envelope import encode_event, parse
from shared.domain.messages.events import TimePassed
from shared.domain.values.names import ServiceKey
from shared.ports.store import TooLarge
from tests.support.clock import NOON
from tests.support.stores import ALL, LOCAL, MINUTE, BothEnds, Opened, opened, receive_none, receive_one

QUEUE = "slipway-deploy"
NOW = timedelta(0)


@pytest.fixture(params=LOCAL)
def fixture(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """An empty store of each kind whose clock we move."""
    with opened(request.param, tmp_path) as found:
        yield found


@pytest.fixture(params=ALL)
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """An empty store of each kind, Azure's as well."""
    with opened(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def queues(anywhere: Opened) -> BothEnds:
    """Its queues."""
    return anywhere.queues


def test_a_message_is_received_from_its_queue_as_it_was_sent(queues: BothEnds) -> None:
    """Queues are apart from each other; the first delivery is number 1."""
    queues.send("slipway-events", "other")
    queues.send(QUEUE, '{"é": "\\u0000"}')

    message = receive_one(queues)

    assert (message.queue, message.body, message.attempts) == (QUEUE, '{"é": "\\u0000"}', 1)
    assert receive_none(queues)


def test_messages_come_oldest_first_and_no_more_than_asked(queues: BothEnds) -> None:
    """`most` at most; the rest stays for others."""
    for body in "abc":
        queues.send(QUEUE, body)

    first = queues.receive(QUEUE, most=2, visibility=MINUTE, wait=NOW)
    second = queues.receive(QUEUE, most=2, visibility=MINUTE, wait=NOW)

    assert [[message.body for message in part] for part in (first, second)] == [["a", "b"], ["c"]]


def test_a_leased_message_is_hidden_until_the_lease_runs_out(fixture: Opened) -> None:
    """Then it is delivered again, counted, and the old receipt is worth nothing."""
    queues = fixture.queues
    queues.send(QUEUE, "body")
    first = receive_one(queues)
    assert receive_none(queues)
    fixture.clock.advance(MINUTE)

    second = receive_one(queues)
    queues.delete(first)

    assert (second.attempts, second.id) == (2, first.id)
    assert queues.count(QUEUE) == 1
    queues.delete(second)
    assert queues.count(QUEUE) == 0


def test_an_acknowledged_message_does_not_come_back(fixture: Opened) -> None:
    """Acknowledging twice is harmless."""
    queues = fixture.queues
    queues.send(QUEUE, "body")
    message = receive_one(queues)

    queues.delete(message)
    queues.delete(message)
    fixture.clock.advance(2 * MINUTE)

    assert receive_none(queues)
    assert queues.count(QUEUE) == 0


def test_a_released_message_comes_again_after_the_delay(fixture: Opened) -> None:
    """Whatever its lease was; a release is a delivery that counts."""
    queues = fixture.queues
    queues.send(QUEUE, "body")

    queues.release(receive_one(queues), delay=10 * MINUTE)
    fixture.clock.advance(10 * MINUTE - timedelta(microseconds=1))
    assert receive_none(queues)
    fixture.clock.advance(timedelta(microseconds=1))

    assert receive_one(queues).attempts == 2


def test_a_released_message_may_come_again_at_once(queues: BothEnds) -> None:
    """With no delay it is there for the next receiver."""
    queues.send(QUEUE, "body")

    queues.release(receive_one(queues), delay=NOW)

    assert receive_one(queues).attempts == 2


def test_a_delayed_message_is_not_seen_before_its_time(fixture: Opened) -> None:
    """It is counted from the start."""
    fixture.queues.send(QUEUE, "late", delay=MINUTE)
    fixture.queues.send(QUEUE, "soon")
    assert fixture.queues.count(QUEUE) == 2
    assert receive_one(fixture.queues).body == "soon"
    assert receive_none(fixture.queues)
    fixture.clock.advance(MINUTE)

    bodies = {message.body for message in fixture.queues.receive(QUEUE, most=9, visibility=MINUTE, wait=NOW)}

    assert bodies == {"late", "soon"}


def test_a_poisoned_message_moves_to_the_poison_queue(queues: BothEnds) -> None:
    """Its body is kept, and deliveries are counted anew."""
    queues.send(QUEUE, "bad")
    message = receive_one(queues)

    queues.poison(message, reason="unknown type")
    queues.poison(message, reason="again")

    assert (queues.count(QUEUE), queues.count(f"{QUEUE}-poison")) == (0, 1)
    poisoned = receive_one(queues, f"{QUEUE}-poison")
    assert (poisoned.body, poisoned.attempts) == ("bad", 1)


def test_a_poison_queue_is_named_from_its_first_message_on(queues: BothEnds) -> None:
    """Whoever looks into poison asks for these, and not for one of each queue."""
    queues.send(QUEUE, "good")
    before = list(queues.poison_queues())
    queues.poison(receive_one(queues), reason="unknown type")

    assert (before, list(queues.poison_queues())) == ([], [f"{QUEUE}-poison"])


def test_a_poisoned_message_brings_along_why(fixture: Opened) -> None:
    """Azure's queues have no place for it; others say it to whoever takes the message."""
    fixture.queues.send(QUEUE, "bad")
    fixture.queues.poison(receive_one(fixture.queues), reason="unknown type")

    assert receive_one(fixture.queues, f"{QUEUE}-poison").reason == "unknown type"


def test_a_receiver_that_waits_is_woken_by_a_message(queues: BothEnds) -> None:
    """It does not have to ask again."""
    found: list[str] = []
    receiver = threading.Thread(
        target=lambda: found.append(receive_one(queues, wait=timedelta(seconds=60)).body), daemon=True
    )
    receiver.start()

    queues.send(QUEUE, "body")
    receiver.join(timeout=60)

    assert found == ["body"]


def test_a_receiver_that_waits_goes_home_when_the_store_closes(anywhere: Opened) -> None:
    """A host stops without waiting for its receivers' patience."""
    found: list[int] = []
    queues = anywhere.queues
    waiting = timedelta(hours=1)
    receiver = threading.Thread(
        target=lambda: found.append(len(queues.receive(QUEUE, most=1, visibility=MINUTE, wait=waiting))), daemon=True
    )
    receiver.start()

    anywhere.database.close()
    receiver.join(timeout=60)

    assert found == [0]


def test_each_message_is_given_to_one_of_many_receivers(queues: BothEnds) -> None:
    """No two receivers hold one message, and none is left over."""
    for number in range(60):
        queues.send(QUEUE, str(number))
    bodies: list[str] = []

    def work() -> None:
        while found := queues.receive(QUEUE, most=2, visibility=MINUTE, wait=NOW):
            for message in found:
                bodies.append(message.body)
                queues.delete(message)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(bodies, key=int) == [str(number) for number in range(60)]
    assert queues.count(QUEUE) == 0


def test_a_message_keeps_to_the_limit_of_azure_queues(queues: BothEnds) -> None:
    """64 KiB in all."""
    queues.send(QUEUE, "x" * 65_536)

    with pytest.raises(TooLarge, match="evidence"):
        queues.send(QUEUE, "é" * 32_769)


def test_a_service_with_many_events_does_not_keep_anothers_waiting(fixture: Opened) -> None:
    """The doors' queue is one for all, and services take turns in it; one service's own stay in order. Azure's takes none."""
    queues = fixture.queues
    many, other = (ServiceKey("shipping", name) for name in ("delivery", "package"))
    for key, number in [*((many, number) for number in range(20)), (other, 0)]:
        event = TimePassed(id=f"{key.service}-{number}", service=key)
        queues.send("slipway-events", encode_event(event, correlation="c", at=NOON))

    received = queues.receive("slipway-events", most=3, visibility=MINUTE, wait=NOW)

    found = [parse(message.body).message.id for message in received]
    assert sorted(found) == ["delivery-0", "delivery-1", "package-0"]
    assert found.index("delivery-0") < found.index("delivery-1")
