"""Messages in memory: no more is kept than is needed."""

from __future__ import annotations

from datetime import timedelta

from shared.adapters.storage.delivery import Delivery, Parcel
from tests.support.stores import MINUTE, Clock

NOW = timedelta(0)


def test_a_queue_forgets_the_leases_of_messages_that_are_gone() -> None:
    """Long leases of many short-lived messages leave nothing behind, and those still held are not lost."""
    clock = Clock()
    delivery = Delivery(clock.elapsed)
    delivery.offer([Parcel(id="held", queue="q", body="held")])
    delivery.take("q", most=1, visibility=MINUTE, wait=NOW)
    for number in range(1000):
        delivery.offer([Parcel(id=str(number), queue="q", body="")])
        (message,) = delivery.take("q", most=1, visibility=timedelta(days=1), wait=NOW)
        delivery.settle(message)

    kept = len(delivery._lines["q"].heap)
    clock.advance(MINUTE)

    assert kept < 100
    assert [message.id for message in delivery.take("q", most=9, visibility=MINUTE, wait=NOW)] == ["held"]


def test_a_message_that_is_forgotten_is_not_handed_out() -> None:
    """Done before it was received: nobody needs it."""
    delivery = Delivery(Clock().elapsed)
    delivery.offer([Parcel(id=name, queue="q", body=name) for name in ("a", "b")])

    delivery.forget(["a", "unknown"])

    assert [message.id for message in delivery.take("q", most=9, visibility=MINUTE, wait=NOW)] == ["b"]
    assert delivery.count("q") == 1
