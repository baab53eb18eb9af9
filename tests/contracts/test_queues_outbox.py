"""Effects on their way: from the outbox of a decision through the queues to the decision that takes their report."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.ports.store import Committed, OutboxRow
from tests.support.stores import (
    LOCAL,
    MINUTE,
    SERVICE,
    Opened,
    a_message,
    a_write,
    always,
    opened,
    receive_none,
    receive_one,
)

QUEUE = "slipway-deploy"


@pytest.fixture(params=LOCAL)
def fixture(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """An empty store of each kind."""
    with opened(request.param, tmp_path) as found:
        yield found


def committed(fixture: Opened, *bodies: str) -> Committed:
    """Commit a decision with effects and send them."""
    found = fixture.store.transact(SERVICE, "e1", always(a_write(outbox=[a_message(body) for body in bodies])))
    fixture.queues.send_outbox(SERVICE, found.outbox)
    return found


def test_the_effects_of_a_decision_are_received_once_each(fixture: Opened) -> None:
    """Sending them a second time, as after a duplicate event, is harmless."""
    found = committed(fixture, "one", "two")
    fixture.queues.send_outbox(SERVICE, found.outbox)

    received = fixture.queues.receive(QUEUE, most=9, visibility=MINUTE, wait=MINUTE * 0)

    assert [message.body for message in received] == ["one", "two"]
    assert fixture.queues.count(QUEUE) == 2


def test_a_delayed_effect_is_not_seen_before_its_time(fixture: Opened) -> None:
    """The delay counts from the decision."""
    found = fixture.store.transact(SERVICE, "e1", always(a_write(outbox=[a_message(delay=MINUTE)])))
    fixture.queues.send_outbox(SERVICE, found.outbox)
    assert receive_none(fixture.queues)

    fixture.clock.advance(MINUTE)

    assert receive_one(fixture.queues).attempts == 1


def test_an_effect_stays_in_the_outbox_while_it_is_worked_on(fixture: Opened) -> None:
    """Received is not done."""
    found = committed(fixture, "one")

    receive_one(fixture.queues)

    assert list(fixture.store.read(SERVICE).outbox) == [found.outbox[0].key]


def test_an_effect_whose_report_was_taken_is_over_when_acknowledged(fixture: Opened) -> None:
    """The decision that took the report removed the row; the acknowledgement finds nothing to do."""
    found = committed(fixture, "one")
    message = receive_one(fixture.queues)
    fixture.store.transact(SERVICE, "e2", always(a_write(done=frozenset({found.outbox[0].key}))))

    fixture.queues.delete(message)

    assert fixture.queues.count(QUEUE) == 0
    assert not fixture.store.read(SERVICE).outbox


def test_an_effect_acknowledged_without_a_report_is_done_with(fixture: Opened) -> None:
    """It leaves the outbox too, and the next decision does not see it."""
    found = committed(fixture, "one", "two")
    fixture.queues.delete(receive_one(fixture.queues))
    assert fixture.queues.count(QUEUE) == 1
    seen: list[list[str]] = []

    fixture.store.transact(SERVICE, "e2", lambda loaded: seen.append(list(loaded.outbox)))

    assert seen == [[found.outbox[1].key]]
    assert fixture.store.transact(SERVICE, "e1", always(a_write())).outbox == found.outbox[1:]


def test_an_effect_released_is_looked_at_again_later(fixture: Opened) -> None:
    """It stays in the outbox, and comes when its time has come."""
    committed(fixture, "one")
    fixture.queues.release(receive_one(fixture.queues), delay=MINUTE)
    assert receive_none(fixture.queues)

    fixture.clock.advance(MINUTE)

    assert receive_one(fixture.queues).attempts == 2
    assert len(fixture.store.read(SERVICE).outbox) == 1


def test_an_effect_that_is_put_off_stays_in_the_outbox(fixture: Opened) -> None:
    """It comes once, after the delay and with its new body; acknowledging the delivery before it changes nothing."""
    [row] = committed(fixture, "one").outbox
    message = receive_one(fixture.queues)

    fixture.queues.put_off(SERVICE, OutboxRow(key=row.key, message=a_message("again")), delay=MINUTE)
    fixture.queues.delete(message)

    assert list(fixture.store.read(SERVICE).outbox) == [row.key]
    assert receive_none(fixture.queues)
    fixture.clock.advance(MINUTE)
    assert receive_one(fixture.queues).body == "again"
    assert receive_none(fixture.queues)


def test_an_effect_that_was_forgotten_was_there_the_first_time_only(fixture: Opened) -> None:
    """Whoever does it a second time is told so."""
    [row] = committed(fixture, "one").outbox
    receive_one(fixture.queues)

    assert fixture.store.forget(SERVICE, [row.key]) is True
    assert fixture.store.forget(SERVICE, [row.key]) is False
    assert fixture.store.forget("shipping~unknown", [row.key]) is False
    assert fixture.store.forget(SERVICE, []) is False
    assert not fixture.store.read(SERVICE).outbox


def test_one_crew_takes_from_several_queues_what_came_first(fixture: Opened) -> None:
    """No more of one queue than may be out at once; a thread that asks again is done with what it had."""
    for body, queue in (("a", "slipway-build"), ("b", "slipway-build"), ("c", "slipway-deploy")):
        fixture.queues.send(queue, body)
    limits = {"slipway-build": 1, "slipway-deploy": 1}
    taken: list[str] = []
    over = threading.Event()

    def take() -> None:
        message = fixture.pool.receive_any(limits, visibility=MINUTE)
        taken.append(message.body if message else "nothing")
        over.wait(60)

    threads = [threading.Thread(target=take) for _ in range(3)]
    for number, thread in enumerate(threads, 1):
        thread.start()
        while len(taken) < number:
            thread.join(0.001)
    over.set()
    for thread in threads:
        thread.join()
    assert taken == ["a", "c", "nothing"]


def test_a_thread_that_comes_back_makes_room(fixture: Opened) -> None:
    """What it had before is out no more."""
    for body in ("a", "b"):
        fixture.queues.send("slipway-build", body)
    taken = [fixture.pool.receive_any({"slipway-build": 1}, visibility=MINUTE) for _ in range(2)]

    assert [one.body for one in taken if one is not None] == ["a", "b"]


def test_a_poisoned_effect_leaves_the_outbox(fixture: Opened) -> None:
    """It lies in the poison queue for a person; no decision sends it again."""
    committed(fixture, "one")

    fixture.queues.poison(receive_one(fixture.queues), reason="failed five times")

    assert not fixture.store.read(SERVICE).outbox
    assert fixture.queues.count(f"{QUEUE}-poison") == 1


def test_nothing_is_sent_for_a_decision_that_was_not_written(fixture: Opened) -> None:
    """A refused decision leaves no message behind."""
    with pytest.raises(ValueError, match="belongs to the store"):
        fixture.store.transact(SERVICE, "e1", always(a_write(puts={"1~head": b""}, outbox=[a_message()])))

    assert receive_none(fixture.queues)
    assert fixture.queues.count(QUEUE) == 0
