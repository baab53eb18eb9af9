"""What a queue brings while storage is out of reach: put back, known as delivered before, and never poison."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.app.take_message import take_message
from shared.codec.envelope import encode_event, read_message, reference_to
from shared.domain.messages import events as ev
from shared.domain.messages.queues import EVENTS_QUEUE
from shared.ports.store import Committed, Store, StoreRefused, StoreUnavailable
from tests.support.app_looks import Failing, all_but, queued
from tests.support.app_parts import DELIVERY, Harness

ASK = ev.TimePassed(id="t-1", service=DELIVERY)


class Cut:
    """Queues that nobody reaches."""

    def send(self, *_: object, **__: object) -> None:
        """See Queues."""
        raise StoreUnavailable("so are the queues")


def written(slipway: Harness) -> str:
    """An event as a queue carries it."""
    return encode_event(ASK, correlation="c-1", at=slipway.app.now())


def test_a_store_out_of_reach_is_no_fault_of_the_message(slipway: Harness) -> None:
    """Azure's host would count it, and five make poison: the message is put back for as long as the store asks for."""
    trouble = StoreUnavailable("gone", retry_after=timedelta(seconds=30))
    take_message(slipway.wrap(store=Failing(slipway.app.store, trouble)).app, EVENTS_QUEUE, written(slipway))
    slipway.outside.clock.advance(timedelta(seconds=29))
    early = slipway.receive("events")
    slipway.outside.clock.advance(timedelta(seconds=1))

    assert early == []
    assert len(slipway.receive("events")) == 1


class Unreadable:
    """Evidence that is out of reach, or that the store refuses to read."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def get(self, sha256: str) -> bytes:
        """See Evidence."""
        raise self._error


def by_reference(slipway: Harness) -> str:
    """An event that no queue can hold."""
    body = written(slipway)
    return reference_to(body, slipway.app.evidence.put(body.encode()))


def test_a_message_whose_content_is_out_of_reach_is_put_back(slipway: Harness) -> None:
    """It is read when it can be; that is no fault of the message either."""
    evidence, body = slipway.app.evidence, by_reference(slipway)
    take_message(slipway.wrap(evidence=Unreadable(StoreUnavailable("gone"))).app, EVENTS_QUEUE, body)
    slipway.wrap(evidence=evidence).outside.clock.advance(timedelta(seconds=5))

    [message] = slipway.receive("events")
    assert message.body == body


def test_a_message_whose_content_cannot_be_read_for_good_goes_to_poison(slipway: Harness) -> None:
    """A defect of ours must be seen."""
    body = by_reference(slipway)

    with pytest.raises(StoreRefused):
        take_message(slipway.wrap(evidence=Unreadable(StoreRefused("400"))).app, EVENTS_QUEUE, body)

    assert queued(slipway, "events") == 0


class Unsure:
    """A store that commits the next decision and cannot say so."""

    def __init__(self, store: Store) -> None:
        self._store, self._left = store, 1

    def transact(self, *args: Any, **kwargs: Any) -> Committed:
        """See Store."""
        committed = self._store.transact(*args, **kwargs)
        self._left -= 1
        if self._left == 0:
            raise StoreUnavailable("the answer was lost")
        return committed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def test_what_a_decision_led_to_is_sent_though_nobody_knew_that_it_was_committed(slipway: Harness) -> None:
    """The message is put back as one that was delivered before; its report is known then, and what waits is sent."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("gather-facts"))
    [message] = slipway.receive("gather-facts")
    slipway.wrap(store=Unsure(slipway.app.store))
    slipway.take(message)
    slipway.receiver.delete(message)
    assert not queued(slipway, "build")

    slipway.outside.clock.advance(timedelta(seconds=5))
    slipway.pump("gather-facts")

    assert queued(slipway, "build") == 1


def test_storage_out_of_reach_uses_up_no_try_however_long_it_lasts(slipway: Harness) -> None:
    """Six that the outside refuses make a release errored."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("gather-facts"))
    store = slipway.app.store
    slipway.wrap(store=Failing(store, StoreUnavailable("gone")))
    for _ in range(20):
        [message] = slipway.receive("gather-facts")
        slipway.take(message)
        slipway.receiver.delete(message)
        slipway.outside.clock.advance(timedelta(seconds=5))
    [message] = slipway.receive("gather-facts")

    found = read_message(message.body).delivery
    assert (found.tries, found.redelivered) == (0, True)


def test_a_store_and_queues_out_of_reach_are_the_hosts_affair(slipway: Harness) -> None:
    """A message that could not be put back is not acknowledged: it is delivered again."""
    trouble = StoreUnavailable("the tables are gone")
    gone = slipway.wrap(
        store=Failing(slipway.app.store, trouble),
        queues=Cut(),
    )

    with pytest.raises(StoreUnavailable, match="the tables are gone"):
        take_message(gone.app, EVENTS_QUEUE, written(slipway))


def test_what_a_store_refuses_for_good_goes_to_poison(slipway: Harness) -> None:
    """A defect of ours must be seen, not go round for ever."""
    store = Failing(slipway.app.store, StoreRefused("400 OutOfRangeInput"))

    with pytest.raises(StoreRefused):
        take_message(slipway.wrap(store=store).app, EVENTS_QUEUE, written(slipway))

    assert queued(slipway, "events") == 0
