"""A message that no queue can hold, where the evidence that it stands for is out of reach or gone, and in poison."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.app.operating.poison import text_of
from shared.app.take_message import take_message
from shared.codec.envelope import encode_effect, reference_to, referred_to
from shared.domain.messages import events as ev
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import Build
from shared.domain.messages.queues import EVENTS_QUEUE
from shared.domain.state.phases import ReleasePhase
from shared.ports.errors import NotFound
from shared.ports.store import StoreRefused, StoreUnavailable
from tests.support.app_looks import all_but, latest, queued, the
from tests.support.app_parts import DELIVERY, Harness
from tests.support.clock import NOON
from tests.support.in_poison import ASK, poisoned, settled, written
from tests.support.outside import RITA

LARGE = ev.AbortRequested(id="long", service=DELIVERY, person=RITA, version="1.0.0", reason="why? " * 20_000)


class Cut:
    """Evidence of which a large message's content is read in vain."""

    def __init__(self, evidence: Any, body: str, error: Exception) -> None:
        self._evidence, self._sha256, self._error = evidence, referred_to(body), error

    def get(self, sha256: str) -> bytes:
        """See Evidence."""
        if sha256 == self._sha256:
            raise self._error
        return bytes(self._evidence.get(sha256))

    def put(self, content: bytes) -> str:
        """See Evidence."""
        return str(self._evidence.put(content))


def sent(slipway: Harness) -> str:
    """A large message as it lies in its queue, from where it was taken."""
    slipway.send(LARGE)
    [message] = slipway.receive("events")
    slipway.receiver.delete(message)
    return str(message.body)


def test_a_store_out_of_reach_is_no_fault_of_a_large_message_either(slipway: Harness) -> None:
    """What it says has to be read first; five times in vain would be poison on Azure."""
    body = sent(slipway)
    trouble = StoreUnavailable("gone", retry_after=timedelta(seconds=30))
    take_message(replace(slipway.app, evidence=Cut(slipway.app.evidence, body, trouble)), EVENTS_QUEUE, body)
    slipway.outside.clock.advance(timedelta(seconds=29))
    early = slipway.receive("events")
    slipway.outside.clock.advance(timedelta(seconds=1))
    [message] = slipway.receive("events")
    slipway.take(message)

    assert (early, message.body) == ([], body)
    assert latest(slipway).event_id == "long"


@pytest.mark.parametrize("error", [StoreRefused("no"), NotFound("it was never stored whole")])
def test_a_large_message_whose_content_cannot_be_had_is_poison(slipway: Harness, error: Exception) -> None:
    """It would go round for ever."""
    body = sent(slipway)

    with pytest.raises(type(error)):
        take_message(replace(slipway.app, evidence=Cut(slipway.app.evidence, body, error)), EVENTS_QUEUE, body)

    assert queued(slipway, "events") == 0


def test_a_large_message_in_poison_is_known_by_what_it_says(slipway: Harness) -> None:
    """Not by the small one that named it, whose type nobody has heard of."""
    found = poisoned(slipway, sent(slipway).encode())

    assert (found.type, found.message, found.service) == ("abort-requested", "long", "shipping~delivery")
    assert "it can be read" in found.reason
    assert latest(slipway).notes == ("abort-requested of slipway-events went to poison as 1",)
    assert LARGE.reason in text_of(slipway.app, found)


def test_a_large_effect_in_poison_ends_what_waited_for_it(slipway: Harness) -> None:
    """As a small one does; whatever makes it large."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("build"))
    text = encode_effect(the(slipway, Build), Delivery(correlation="c-1"), at=NOON)
    poisoned(slipway, reference_to(text, slipway.app.evidence.put(text.encode())).encode(), queue="slipway-build")

    assert slipway.release("1.0.0").phase is ReleasePhase.ERRORED
    assert "build failed as often as it may, see poison 1" in slipway.release("1.0.0").reason


def test_a_large_message_goes_back_as_it_was(slipway: Harness) -> None:
    """What was kept is not sent."""
    body = sent(slipway)
    found = poisoned(slipway, body.encode())
    settled(slipway, found.number)
    [message] = slipway.receive("events")

    assert message.body == body


def test_a_large_message_whose_content_is_gone_says_so_in_poison(slipway: Harness) -> None:
    """With all that the small one still says; requeueing it would only bring it back."""
    body = sent(slipway)
    slipway.wrap(evidence=Cut(slipway.app.evidence, body, NotFound("the store was restored from before it")))
    found = poisoned(slipway, body.encode())

    assert (found.message, found.service) == ("long", "shipping~delivery")
    assert "which was kept as evidence, is there no more" in found.reason
    assert text_of(slipway.app, found) == body


@pytest.mark.parametrize(("kept", "reason"), [(b"\xff", "it is not text"), (b"{", "is not JSON: it ends too early")])
def test_what_stands_for_no_message_is_taken_all_the_same(slipway: Harness, kept: bytes, reason: str) -> None:
    """Attack: a message that names any other evidence; the poison queue has none of its own."""
    body = reference_to(written(ASK).decode(), slipway.app.evidence.put(kept))
    found = poisoned(slipway, body.encode())

    assert (found.type, found.message) == ("", "")
    assert reason in found.reason
    assert text_of(slipway.app, found) == (body if kept == b"\xff" else "{")
