"""Messages in poison: recorded whatever they are, told to their service, and settled by people."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from shared.app.operating.operate import ESTATE
from shared.app.operating.poison import open_poison
from shared.codec.envelope import encode_effect
from shared.domain.drafts.decision import Outcome
from shared.domain.messages import events as ev
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import CloseApproval, Deploy
from shared.domain.messages.queues import queue_of
from shared.domain.state.phases import Phase, ReleasePhase
from shared.ports.store import StaleService, StoreRefused, StoreUnavailable
from tests.support.app_looks import Failing, all_but, decided, latest
from tests.support.app_parts import DELIVERY, Harness, make_app
from tests.support.clock import NOON
from tests.support.fuzzing import ANY_BYTES, changed_json, many
from tests.support.in_poison import ASK, PUSH, poisoned, written
from tests.support.outside import SHIPPING

SECRET = "a-text-that-nobody-should-see"
CLOSING = CloseApproval(service=DELIVERY, number=1, request="r", round=1, reason=SECRET)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "is not JSON: it ends too early"),
        (b"{", "is not JSON: it ends too early"),
        (b"\xff\xfe\x00", "it is not text"),
        (b"[]", "is not an object"),
        (b'{"schema": 1, "delivery": {}}', "field at: is missing"),
        (b"[" * 60_000, "is not an object"),
    ],
)
def test_what_cannot_be_read_is_recorded_with_what_is_wrong(slipway: Harness, body: bytes, reason: str) -> None:
    """In the estate's ledger, as no service is named; the body itself is evidence."""
    found = poisoned(slipway, body)

    assert reason in found.reason
    assert (found.type, found.message, found.service, found.size) == ("", "", "", len(body))
    assert slipway.app.evidence.get(found.sha256) == body
    entry = latest(slipway, ESTATE)
    assert (entry.event_type, entry.outcome, entry.person) == ("message-poisoned", Outcome.NOTED, None)
    assert entry.notes == (f"an unreadable message of slipway-events went to poison as {found.number}",)
    assert entry.detail_of("sha256") == found.sha256


def test_a_message_of_an_unknown_type_names_it(slipway: Harness) -> None:
    """With all that its envelope says."""
    found = poisoned(slipway, written(ASK, type="make-coffee"))

    assert (found.type, found.message, found.service) == ("make-coffee", "t-1", "shipping~delivery")
    assert (found.correlation, found.reason.split(";")[0]) == ("c-1", "message type 'make-coffee' is not known")
    assert latest(slipway).notes == ("make-coffee of slipway-events went to poison as 1",)


def test_a_message_that_can_be_read_says_to_look_into_the_log(slipway: Harness) -> None:
    """It is not the message that is at fault."""
    assert "the log says why" in poisoned(slipway, written(ASK)).reason


def test_what_the_host_knows_of_it_is_kept(slipway: Harness) -> None:
    """The local host says how often it died of it; without that only the log would know."""
    found = poisoned(slipway, written(ASK), why="the host died 5 times while events worked on it")

    assert found.reason == "it can be read, but the host died 5 times while events worked on it; the log says more"


def test_the_services_ledger_hears_of_it_with_its_correlation(slipway: Harness) -> None:
    """And nothing else of the service changes."""
    before = slipway.state()

    found = poisoned(slipway, written(ASK))

    entry = latest(slipway)
    assert (entry.event_type, entry.event_id, entry.correlation) == ("message-poisoned", "poison:1", "c-1")
    assert (entry.outcome, found.number, slipway.state()) == (Outcome.NOTED, 1, before)


@pytest.mark.parametrize("service", ["shipping~nobody", "x~y", "shipping", "", "~", "estate", "a~b~c"])
def test_a_message_for_what_is_no_service_makes_none(slipway: Harness, service: str) -> None:
    """Attack: a ledger for each name that somebody made up."""
    before = slipway.app.store.services(most=100)

    poisoned(slipway, written(ASK, service=service, type="x"))

    assert slipway.app.store.services(most=100) == before
    assert [one.service for one in open_poison(slipway.app, most=9)] == [service]


def test_a_push_in_poison_is_the_estates_affair(slipway: Harness) -> None:
    """It is of a repository and of no service yet."""
    found = poisoned(slipway, written(PUSH), queue=queue_of("inspect-push"))

    assert (found.type, found.service) == ("push-received", SHIPPING)


def test_a_message_that_is_delivered_twice_is_recorded_once(slipway: Harness) -> None:
    """One entry in each ledger."""
    body = written(ASK)
    first = poisoned(slipway, body)
    length = len(slipway.timeline())

    again = poisoned(slipway, body)

    assert (again, len(open_poison(slipway.app, most=9))) == (first, 1)
    assert (len(slipway.timeline()), len(slipway.timeline(ESTATE))) == (length, 1)


def test_a_message_that_goes_to_poison_once_more_is_another_one(slipway: Harness) -> None:
    """It was requeued, and still nobody can deal with it."""
    poisoned(slipway, b"{", delivery="m-1")

    poisoned(slipway, b"{", delivery="m-2")

    assert [one.number for one in open_poison(slipway.app, most=9)] == [2, 1]


def test_neither_ledger_nor_record_holds_the_content(slipway: Harness) -> None:
    """Only its hash, type and id."""
    poisoned(
        slipway, encode_effect(CLOSING, Delivery(correlation="c-1"), at=NOON).encode(), queue=queue_of("ask-approval")
    )

    rows = [row.body for name in (ESTATE, str(DELIVERY)) for row in slipway.app.store.ledger(name, after=0, most=99)]
    rows += [row for _, row in slipway.app.store.range(ESTATE, "2", "3", most=9)]
    assert not [row for row in rows if SECRET.encode() in row]


def test_long_texts_are_cut(slipway: Harness) -> None:
    """Whatever somebody writes into an envelope fits a row."""
    found = poisoned(slipway, written(ASK, type="t" * 20_000, id="i" * 20_000, correlation="c" * 20_000))

    assert (len(found.type), len(found.message), len(found.correlation), len(found.reason)) == (100, 200, 200, 500)


def test_a_deployment_in_poison_is_errored_at_once_and_its_retry_succeeds(slipway: Harness) -> None:
    """Nobody waits for a deadline."""
    slipway.release_to("1.0.0", approve=False)
    slipway.answer()
    slipway.pump(*all_but("deploy"))
    [message] = slipway.receive("deploy")
    slipway.receiver.delete(message)

    poisoned(slipway, message.body.encode(), queue=queue_of("deploy"))

    promotion = slipway.promotion("1.0.0", "production")
    assert (promotion.phase, "see poison 1; retry" in promotion.reason) == (Phase.ERRORED, True)
    slipway.ask(ev.RetryRequested, version="1.0.0")
    slipway.pump()
    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED


def test_an_effect_in_poison_leaves_the_outbox_and_is_told_once(slipway: Harness) -> None:
    """Else each look at the service would send it again, and each time to poison."""
    [body] = decided(slipway, CLOSING)
    poisoned(slipway, body.encode(), queue=queue_of("ask-approval"))
    before = slipway.app.store.read(str(DELIVERY))

    poisoned(slipway, body.encode(), queue=queue_of("ask-approval"))

    assert before.outbox == {}
    assert slipway.app.store.read(str(DELIVERY)).sequence == before.sequence


@pytest.mark.parametrize("error", [RuntimeError("a defect"), StoreRefused("400 OutOfRangeInput")])
def test_a_service_that_cannot_decide_does_not_keep_its_message_coming(slipway: Harness, error: Exception) -> None:
    """That may be why it is poison; people see it all the same."""
    poisoned(slipway.wrap(store=Failing(slipway.app.store, error, str(DELIVERY))), written(ASK))

    assert [one.message for one in open_poison(slipway.app, most=9)] == ["t-1"]


@pytest.mark.parametrize("error", [StoreUnavailable("gone"), StaleService("others were faster")])
def test_a_service_out_of_reach_is_told_later(slipway: Harness, error: Exception) -> None:
    """The message comes again; the record is there already."""
    store = slipway.app.store
    with pytest.raises(type(error)):
        poisoned(slipway.wrap(store=Failing(store, error, str(DELIVERY))), written(ASK))
    before = len(slipway.timeline())

    found = poisoned(slipway.wrap(store=store), written(ASK))

    assert (found.number, len(slipway.timeline())) == (1, before + 1)


@given(
    body=ANY_BYTES
    | changed_json(written(ASK))
    | changed_json(
        encode_effect(Deploy(service=DELIVERY, number=1, attempt=1), Delivery(correlation="c"), at=NOON).encode()
    )
)
@many(200)
def test_nothing_that_a_message_holds_keeps_it_from_being_taken(body: bytes, tmp_path_factory: Any) -> None:
    """Any bytes, any JSON, and messages with something changed in them."""
    slipway = make_app("memory", tmp_path_factory.getbasetemp())

    found = poisoned(slipway, body)

    assert slipway.app.evidence.get(found.sha256) == body
