"""Messages in memory: no more is kept than is needed."""

from __future__ import annotations

from datetime import timedelta

from shared.adapters.storage.leased_message import LeasedMessage
from shared.adapters.storage.message_leases import MessageLeases
from tests.support.clock import Clock
from tests.support.stores import MINUTE

NOW = timedelta(0)


def test_a_queue_forgets_the_leases_of_messages_that_are_gone() -> None:
    """Long leases of many short-lived messages leave nothing behind, and those still held are not lost."""
    clock = Clock()
    delivery = MessageLeases(clock.elapsed)
    delivery.offer([LeasedMessage(id="held", queue="q", body="held")])
    delivery.take("q", most=1, visibility=MINUTE, wait=NOW)
    for number in range(1000):
        delivery.offer([LeasedMessage(id=str(number), queue="q", body="")])
        (message,) = delivery.take("q", most=1, visibility=timedelta(days=1), wait=NOW)
        delivery.settle(message)

    kept = len(delivery._lines["q"].heap)
    clock.advance(MINUTE)

    assert kept < 100
    assert [message.id for message in delivery.take("q", most=9, visibility=MINUTE, wait=NOW)] == ["held"]


def test_a_message_that_is_forgotten_is_not_handed_out() -> None:
    """Done before it was received: nobody needs it."""
    delivery = MessageLeases(Clock().elapsed)
    delivery.offer([LeasedMessage(id=name, queue="q", body=name) for name in ("a", "b")])

    delivery.forget(["a", "unknown"])

    assert [message.id for message in delivery.take("q", most=9, visibility=MINUTE, wait=NOW)] == ["b"]
    assert delivery.sizes() == {"q": 1}


def test_groups_take_turns_in_all_queues_together() -> None:
    """Who has a thousand messages waiting does not keep those waiting who have one; each group's own stay in order."""
    delivery = MessageLeases(Clock().elapsed)
    delivery.offer(
        [LeasedMessage(id=f"many-{number}", queue="events", body="", group="many") for number in range(1000)]
    )
    queues = {"deploy": 9, "events": 99}

    def taken(times: int) -> list[str]:
        found = [delivery.take_any(queues, visibility=MINUTE) for _ in range(times)]
        return [message.id for message in found if message is not None]

    assert taken(2) == ["many-0", "many-1"]
    delivery.offer([LeasedMessage(id=f"few-{number}", queue="deploy", body="", service="few") for number in range(2)])
    delivery.offer([LeasedMessage(id="one", queue="events", body="", group="one")])

    assert set(taken(3)) == {"few-0", "one", "many-2"}
    assert set(taken(2)) == {"few-1", "many-3"}
    assert taken(3) == ["many-4", "many-5", "many-6"]


def test_a_group_that_has_nothing_left_is_as_good_as_new() -> None:
    """Groups come and go without end; what is remembered of them does not grow."""
    delivery = MessageLeases(Clock().elapsed)
    for number in range(10_000):
        delivery.offer([LeasedMessage(id="m", queue="q", body="", group=f"service-{number}")])
        (message,) = delivery.take("q", most=1, visibility=MINUTE, wait=NOW)
        delivery.settle(message)

    assert len(delivery._fair_order._last) < 5000
