"""Workers report what came of effects, and decide nothing: what takes the report does."""

from __future__ import annotations

from shared.app.handling.take_report import take_report
from shared.app.parts import App
from shared.app.take_message import take_message
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import Build, CloseApproval, ReadTags
from shared.domain.messages.events import EffectDone, EffectRefused, TagsRead
from shared.domain.messages.queues import NONPROD, queue_of
from shared.domain.messages.reports import Report
from shared.domain.values.records import replace
from tests.support.app_looks import all_but, decided, open_effects, queued, the
from tests.support.app_parts import DELIVERY, Harness

CLOSING = CloseApproval(service=DELIVERY, number=1, request="r", round=1, reason="over")


def reported(slipway: Harness, queue: str, body: str) -> list[tuple[Report, Delivery]]:
    """What is reported when a queue brings a message, and goes no further."""
    found: list[tuple[Report, Delivery]] = []

    def keep(_app: App, event: Report, delivery: Delivery) -> None:
        found.append((event, delivery))

    take_message(replace(slipway.app, reporting=keep), queue, body)
    return found


def asked(slipway: Harness) -> str:
    """The message that asks for a release's tags."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("gather-facts"))
    [message] = slipway.receive("gather-facts")
    return message.body


def test_a_worker_reports_and_nothing_is_decided(slipway: Harness) -> None:
    """With the number of the effect, whose report it is, and who performed it."""
    body = asked(slipway)
    before, effect = slipway.app.store.read(str(DELIVERY)).sequence, the(slipway, ReadTags)

    [(event, delivery)] = reported(slipway, queue_of("gather-facts"), body)

    assert isinstance(event, TagsRead)
    assert (event.effect, delivery.worker) == (effect.id, NONPROD)
    assert delivery.effect_number > 0
    assert slipway.app.store.read(str(DELIVERY)).sequence == before
    assert effect in open_effects(slipway)


def test_what_is_reported_later_counts_as_at_once(slipway: Harness) -> None:
    """The first report moves the release; the same once more is no news."""
    [(event, delivery)] = reported(slipway, queue_of("gather-facts"), asked(slipway))

    for _ in range(2):
        take_report(slipway.app, event, delivery)

    assert queued(slipway, "build") == 1
    assert [type(one) for one in open_effects(slipway) if isinstance(one, Build | ReadTags)] == [Build]


def test_done_and_nothing_to_report_is_a_report_too(slipway: Harness) -> None:
    """It takes the effect out of the outbox, and the ledger has no entry of it."""
    [body] = decided(slipway, CLOSING)
    entries = len(slipway.timeline())

    [(event, delivery)] = reported(slipway, queue_of("ask-approval"), body)
    left = open_effects(slipway)
    take_report(slipway.app, event, delivery)

    assert event == EffectDone(id=f"{CLOSING.id}:done", service=DELIVERY, effect=CLOSING.id)
    assert (left, open_effects(slipway), len(slipway.timeline())) == ([CLOSING], [], entries)


def test_a_message_in_the_wrong_queue_is_reported_as_refused(slipway: Harness) -> None:
    """Attack: a question for the registry where people are told things."""
    found = reported(slipway, queue_of("notify"), asked(slipway))

    assert [(type(event), delivery.effect_number) for event, delivery in found] == [(EffectRefused, 0)]
