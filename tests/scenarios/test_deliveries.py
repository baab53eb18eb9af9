"""Messages that come twice, late, from a newer Slipway, or never: nothing is done twice and nothing is lost."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from shared.app.operating.operate import operate
from shared.app.take_message import take_message
from shared.codec.envelope import encode_effect
from shared.codec.errors import UnknownMessage
from shared.domain.drafts.decision import Outcome
from shared.domain.messages import events as ev
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import SetStatus
from shared.domain.messages.queues import poison_of, queue_of
from shared.domain.state.phases import ReleasePhase
from shared.ports.queues import Received
from tests.support.app_parts import DELIVERY, Harness
from tests.support.clock import NOON
from tests.support.crashes import Crash, Fuse, with_fuse
from tests.support.outside import RITA

MINUTE = timedelta(minutes=1)
COMMIT = "c" * 40


def status() -> str:
    """An effect that says something about a commit."""
    effect = SetStatus(service=DELIVERY, commit=COMMIT, context="slipway/delivery", about=1)
    return encode_effect(effect, Delivery(correlation="c", effect_number=1), at=NOON)


def test_every_message_delivered_twice_ends_the_same(slipway: Harness) -> None:
    """Acknowledgements are lost; nothing is built, asked, copied or deployed a second time."""
    once = slipway.take

    def twice(message: Received) -> None:
        once(message)
        once(message)

    slipway.take = twice  # type: ignore[method-assign]

    release = slipway.release_to("1.0.0")

    assert release.phase is ReleasePhase.RELEASED
    assert len(slipway.outside.builder.orders) == 1
    assert len(slipway.outside.people.asked) == 1
    assert slipway.outside.registry.copies == ["prod/delivery:v1.0.0", "prod/charts/delivery:1.0.0"]
    assert [one.version for one in slipway.outside.environments.applied["production/delivery"]] == ["1.0.0"]
    assert slipway.state().numbers.promotion == 2


def test_a_deployment_redone_after_a_crash_is_written_once(slipway: Harness) -> None:
    """The process dies after writing and before reporting."""
    slipway.release_to("1.0.0", approve=False)
    slipway.answer()
    slipway.pump("gather-facts", "retag")
    (message,) = slipway.receive("deploy")
    app = slipway.app
    with_fuse(slipway, Fuse(2))
    with pytest.raises(Crash, match=r"after applier\.apply"):
        slipway.take(message)
    slipway.app, slipway.receiver = app, slipway.database.queues

    slipway.pump()

    assert [one.version for one in slipway.outside.environments.applied["production/delivery"]] == ["1.0.0"]
    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED


def test_a_message_of_a_newer_slipway_goes_back_with_a_delay(slipway: Harness) -> None:
    """Never poison: an upgraded worker will read it."""
    body = json.loads(status()) | {"schema": 99}
    slipway.app.queues.send(queue_of("notify"), json.dumps(body))

    slipway.pump(most=MINUTE)

    assert slipway.receiver.count(queue_of("notify")) == 1
    assert slipway.receiver.count(poison_of(queue_of("notify"))) == 0
    assert not slipway.receive("notify")


def test_a_message_of_a_type_that_nobody_knows_is_not_swallowed(slipway: Harness) -> None:
    """It comes out, so that the host moves it to poison."""
    body = status().replace("set-status", "set-fire")

    with pytest.raises(UnknownMessage):
        take_message(slipway.app, queue_of("notify"), body)


def test_a_request_repeated_under_its_key_is_answered_as_the_first_time(slipway: Harness) -> None:
    """The person hears what happened, and it happens once."""
    slipway.release_to("1.0.0", approve=False)
    event = ev.AbortRequested(id="api:one", service=DELIVERY, version="1.0.0", person=RITA, reason="stop")
    first = operate(slipway.app, event)
    entries = len(slipway.timeline())

    second = operate(slipway.app, event)

    assert (first.duplicate, second.duplicate) == (False, True)
    assert (second.outcome, second.notes, second.sequence) == (first.outcome, first.notes, first.sequence)
    assert len(slipway.timeline()) == entries


def test_a_refused_request_repeated_under_its_key_is_refused_for_the_same_reason(slipway: Harness) -> None:
    """A refusal is an answer too."""
    event = ev.AbortRequested(id="api:one", service=DELIVERY, version="9.9.9", person=RITA, reason="stop")
    first = operate(slipway.app, event)

    second = operate(slipway.app, event)

    assert (second.outcome, second.code) == (Outcome.REFUSED, first.code)
    assert second.reason == first.reason


def test_a_click_whose_effects_were_never_sent_is_made_up_by_the_tick(slipway: Harness) -> None:
    """Nobody clicks again; the hint that was written first is enough."""
    slipway.release_to("1.0.0", approve=False)
    app = slipway.app
    with_fuse(slipway, Fuse(4))
    with pytest.raises(Crash, match=r"after store\.transact"):
        slipway.answer()
    slipway.app, slipway.receiver = app, slipway.database.queues

    slipway.tick(MINUTE)

    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED
