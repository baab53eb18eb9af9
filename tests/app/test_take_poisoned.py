"""The tick looks into poison queues: what lies there is kept and told before it is gone, and a tick's work has an end."""

from __future__ import annotations

from typing import Any

import pytest

from shared.app.operating.poison import open_poison
from shared.app.operating.take_poisoned import take_poisoned
from shared.app.sweep import sweep
from shared.codec.envelope import encode_effect, reference_to
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import Deploy
from shared.domain.messages.queues import EVENTS_QUEUE, poison_of, queue_of
from shared.domain.state.phases import Phase
from shared.ports.store import StoreUnavailable
from tests.support.app_looks import Failing, all_but, the
from tests.support.app_parts import DELIVERY, Harness
from tests.support.in_poison import ASK, written
from tests.support.stores import MINUTE


def poison(slipway: Harness, *bodies: str, queue: str = EVENTS_QUEUE) -> None:
    """Have messages moved to poison as a host does."""
    for body in bodies:
        slipway.app.queues.send(queue, body)
        [message] = slipway.receiver.receive(queue, most=1, visibility=MINUTE, wait=0 * MINUTE)
        slipway.receiver.poison(message, reason=f"take failed 5 times: {body[:9]}")


def left(slipway: Harness, queue: str = EVENTS_QUEUE) -> int:
    """How many messages lie in a queue's poison queue."""
    count: int = slipway.receiver.count(poison_of(queue))
    return count


def kept(slipway: Harness) -> list[str]:
    """What is kept, the oldest first."""
    return [slipway.app.evidence.get(one.sha256).decode() for one in reversed(open_poison(slipway.app, most=1000))]


class Dies:
    """A receiver of a process that dies before it has deleted anything."""

    def __init__(self, wrapped: Any) -> None:
        self._wrapped = wrapped

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped, name)

    def delete(self, message: object) -> None:
        """See QueueReceiver."""
        raise KeyboardInterrupt


class Deadly:
    """Evidence that kills whoever reads it."""

    def __init__(self, wrapped: Any) -> None:
        self._wrapped = wrapped

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped, name)

    def get(self, sha256: str) -> bytes:
        """See Evidence."""
        raise KeyboardInterrupt


@pytest.mark.parametrize("slipway", ["memory", "sqlite"], indirect=True)
def test_a_message_in_poison_is_kept_with_its_queue_and_reason_and_then_gone(slipway: Harness) -> None:
    """And the service that it was for has it in its own ledger."""
    poison(slipway, "{")
    poison(slipway, written(ASK).decode())
    slipway.tick()

    first, second = reversed(open_poison(slipway.app, most=9))
    assert (first.queue, "is not JSON" in first.reason) == (EVENTS_QUEUE, True)
    assert "take failed 5 times" in second.reason
    assert "message-poisoned" in [entry.event_type for entry in slipway.timeline()]
    assert left(slipway) == 0


def test_a_step_whose_message_went_to_poison_is_errored_by_the_next_tick(slipway: Harness) -> None:
    """Its service hears of it, and not at the phase's deadline."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("deploy"))
    poison(
        slipway,
        encode_effect(the(slipway, Deploy), Delivery(correlation="c"), at=slipway.app.now()),
        queue=queue_of("deploy"),
    )
    sweep(slipway.app)

    assert slipway.promotion("1.0.0", "qa").phase is Phase.ERRORED


@pytest.mark.parametrize("slipway", ["memory", "sqlite"], indirect=True)
def test_what_a_process_died_with_is_taken_by_a_later_tick_and_kept_once(slipway: Harness) -> None:
    """It had kept the message, and not yet deleted it."""
    poison(slipway, written(ASK).decode())
    receiver = slipway.receiver
    with pytest.raises(KeyboardInterrupt):
        sweep(slipway.wrap(receiver=Dies(receiver)).app)
    before = left(slipway)
    slipway.wrap(receiver=receiver).tick(5 * MINUTE)

    assert (before, left(slipway)) == (1, 0)
    assert kept(slipway) == [written(ASK).decode()]
    assert [entry.event_type for entry in slipway.timeline(DELIVERY)].count("message-poisoned") == 1


def test_what_kills_whoever_looks_into_it_is_kept_unread_in_the_end(slipway: Harness) -> None:
    """Five processes die of it, each in a tick that had done the rest; nothing is lost, and the sixth lives."""
    evidence, body = slipway.app.evidence, written(ASK)
    sent = reference_to(body.decode(), evidence.put(body))
    poison(slipway, sent)
    slipway.wrap(evidence=Deadly(evidence))
    for _ in range(5):
        slipway.outside.clock.advance(5 * MINUTE)
        with pytest.raises(KeyboardInterrupt):
            sweep(slipway.app)
    slipway.tick(5 * MINUTE)

    [found] = open_poison(slipway.app, most=9)
    assert (found.type, found.service, "died each time" in found.reason) == ("", "", True)
    assert kept(slipway.wrap(evidence=evidence)) == [sent]
    assert left(slipway) == 0


def test_what_storage_kept_from_being_taken_is_not_taken_for_deadly(slipway: Harness) -> None:
    """Only who died has left a note behind: trouble that is told takes its note back."""
    poison(slipway, written(ASK).decode())
    store = slipway.app.store
    for _ in range(6):
        sweep(slipway.wrap(store=Failing(store, StoreUnavailable("gone"))).app)
        slipway.outside.clock.advance(5 * MINUTE)
    slipway.wrap(store=store).tick()

    [found] = open_poison(slipway.app, most=9)
    assert found.type == "time-passed"


def test_a_tick_takes_some_and_the_next_goes_on(slipway: Harness) -> None:
    """However many lie there; they come from several queues."""
    poison(slipway, *(f"{number}" for number in range(150)))
    poison(slipway, *(f"{number}" for number in range(150, 300)), queue=queue_of("build"))
    sweep(slipway.app)
    first = len(kept(slipway))
    sweep(slipway.app)

    assert first == 200
    assert sorted(map(int, kept(slipway))) == list(range(300))


def test_one_that_cannot_be_kept_keeps_no_other_one_waiting(slipway: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays where it is, and is taken when that has passed."""
    put, trouble = slipway.app.evidence.put, [StoreUnavailable("gone")]

    def once(content: bytes) -> str:
        if content == b"first" and trouble:
            raise trouble.pop()
        return put(content)

    monkeypatch.setattr(slipway.app.evidence, "put", once)
    poison(slipway, "first", "second")
    sweep(slipway.app)
    before = kept(slipway)
    slipway.tick(5 * MINUTE)

    assert before == ["second"]
    assert kept(slipway) == ["second", "first"]
    assert left(slipway) == 0


def test_poison_is_taken_though_the_rest_of_a_tick_fails(slipway: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked at last, and in any case."""

    def repositories() -> list[str]:
        raise StoreUnavailable("gone")

    poison(slipway, "first")
    monkeypatch.setattr(slipway.outside.source, "repositories", repositories)
    with pytest.raises(StoreUnavailable, match="gone"):
        sweep(slipway.app)

    assert kept(slipway) == ["first"]


def test_where_nobody_receives_there_is_no_poison_to_take(slipway: Harness) -> None:
    """As in an app that only answers."""
    poison(slipway, "first")
    slipway.wrap(receiver=None)
    sweep(slipway.app)

    assert kept(slipway) == []


def test_a_note_that_cannot_be_written_leaves_its_message_for_later(
    slipway: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is looked into without a note would be looked into for ever, if that is what kills."""
    put, trouble = slipway.app.rows.put, [StoreUnavailable("gone")]

    def once(*arguments: Any, **keywords: Any) -> str:
        if trouble:
            raise trouble.pop()
        return put(*arguments, **keywords)

    poison(slipway, "first")
    monkeypatch.setattr(slipway.app.rows, "put", once)
    take_poisoned(slipway.app)
    before = kept(slipway)
    slipway.tick(5 * MINUTE)

    assert (before, kept(slipway)) == ([], ["first"])
