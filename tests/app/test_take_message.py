"""What a queue brings: given to whom it is for, put off where that helps, raised where it does not."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from shared.app.take_message import take_message
from shared.codec.envelope import encode_effect, encode_event, parse
from shared.codec.errors import UnknownMessage, UnreadableRecord
from shared.codec.repository import CONFIG
from shared.domain.messages import events as ev
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import CloseApproval, ReadTags
from shared.domain.messages.queues import EVENTS_QUEUE, queue_of
from shared.domain.values.names import Digest
from shared.domain.values.records import replace
from shared.ports.errors import Transient
from shared.ports.store import StaleService
from tests.support.app_looks import Failing, all_but, latest, policy_row, queued
from tests.support.app_parts import DELIVERY, Harness, branch
from tests.support.log_lines import log_lines
from tests.support.outside import MAIN, RITA, SHIPPING

PUSH = ev.PushReceived(id="p-1", repository=SHIPPING, ref=branch("1.0.0"))
ASK = ev.TimePassed(id="t-1", service=DELIVERY)


def written(slipway: Harness, event: ev.ServiceEvent | ev.HookEvent) -> str:
    """An event as a queue carries it."""
    return encode_event(event, correlation="c-1", at=slipway.app.now())


def test_an_event_of_a_service_is_handled(slipway: Harness) -> None:
    """With the correlation that came with it."""
    take_message(slipway.app, EVENTS_QUEUE, written(slipway, ev.ServiceRemoved(id="gone", service=DELIVERY)))

    assert latest(slipway).event_id == "gone"
    assert latest(slipway).correlation == "c-1"


def test_a_push_goes_on_to_its_own_queue(slipway: Harness) -> None:
    """Reading a repository takes a while; nothing else waits behind it."""
    body = written(slipway, PUSH)
    take_message(slipway.app, EVENTS_QUEUE, body)

    [message] = slipway.receive("inspect-push")
    assert message.body == body


def test_a_push_is_inspected_from_its_own_queue(slipway: Harness) -> None:
    """It is not sent round once more."""
    slipway.outside.commit(branch("1.0.0"), {"x": b"1"})
    take_message(slipway.app, queue_of("inspect-push"), written(slipway, PUSH))

    assert slipway.release("1.0.0").tags_asked == 1
    assert queued(slipway, "inspect-push") == 0


def test_a_pushed_tag_is_looked_up(slipway: Harness) -> None:
    """And told to its service."""
    slipway.release_to("1.0.0", approve=False)
    digest = Digest("sha256:" + "f" * 64)
    event = ev.TagPushed(id="tag-1", registry="localhost:5000", repository="delivery", tag="v1.0.0", digest=digest)
    take_message(slipway.app, EVENTS_QUEUE, written(slipway, event))

    assert latest(slipway).event_type == "artifact-announced"


def test_a_message_too_large_for_its_queue_is_handled_all_the_same(slipway: Harness) -> None:
    """What it says was kept as evidence, and a small message that names it was sent."""
    large = ev.AbortRequested(id="long", service=DELIVERY, person=RITA, version="1.0.0", reason="why? " * 20_000)
    slipway.send(large)
    [message] = slipway.receive("events")

    slipway.take(message)

    assert len(message.body) < 500
    about = parse(message.body).message
    assert (about.id, about.service) == ("long", str(DELIVERY))
    assert latest(slipway).event_id == "long"


def test_a_large_push_goes_on_by_reference(slipway: Harness) -> None:
    """It is not kept a second time."""
    slipway.send(replace(PUSH, commit="c" * 70_000))
    [message] = slipway.receive("events")
    slipway.take(message)

    [passed_on] = slipway.receive("inspect-push")
    assert passed_on.body == message.body


def test_what_only_speaks_of_references_is_none(slipway: Harness) -> None:
    """A reason may hold any words."""
    said = ev.ServiceRemoved(id='"type":"by-reference"', service=DELIVERY)
    take_message(slipway.app, EVENTS_QUEUE, written(slipway, said))

    assert latest(slipway).event_id == said.id


def test_an_effect_is_performed(slipway: Harness) -> None:
    """Whatever queue it came by."""
    effect = CloseApproval(service=DELIVERY, number=1, request="r", round=1, reason="well")
    take_message(
        slipway.app, queue_of("ask-approval"), encode_effect(effect, Delivery(correlation="c-1"), at=slipway.app.now())
    )

    assert slipway.outside.people.closed == {"r": "well"}


def test_a_message_of_a_newer_slipway_goes_back_for_an_upgraded_worker(slipway: Harness) -> None:
    """As it is, in some minutes; it is never poison."""
    body = json.dumps({**json.loads(written(slipway, ASK)), "schema": 99})
    take_message(slipway.app, EVENTS_QUEUE, body)
    now = slipway.receive("events")
    slipway.outside.clock.advance(timedelta(minutes=5))

    assert now == []
    [message] = slipway.receive("events")
    assert message.body == body


def test_an_effect_of_a_newer_slipway_goes_back_to_its_own_queue(slipway: Harness) -> None:
    """Old workers of other kinds never see it."""
    effect = ReadTags(service=DELIVERY, version="1.0.0", asked=1)
    body = encode_effect(effect, Delivery(correlation="c-1"), at=slipway.app.now())
    take_message(slipway.app, queue_of("gather-facts"), json.dumps({**json.loads(body), "schema": 99}))

    assert slipway.receiver.count(queue_of("gather-facts")) == 1


def test_a_message_about_what_a_newer_slipway_wrote_goes_back_too(slipway: Harness) -> None:
    """The message is of our time, the record that it needs is not; the line says whose release waits for the upgrade."""
    kept = slipway.app.rows.get(SHIPPING, CONFIG)
    assert kept is not None
    slipway.app.rows.overwrite(SHIPPING, CONFIG, json.dumps({**json.loads(kept.value), "schema": 99}).encode())
    slipway.outside.commit(branch("1.0.0"), {"x": b"1"})

    with log_lines() as lines:
        take_message(slipway.app, queue_of("inspect-push"), written(slipway, PUSH))

    assert queued(slipway, "inspect-push") == 1
    assert [(one["event"], one["correlation"]) for one in lines] == [("message.newer", "c-1")]


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"schema": 1}', '{"schema": 1, "type": "time-passed"}'])
def test_a_damaged_message_is_poison(slipway: Harness, body: str) -> None:
    """Trying again cannot mend it; nothing is sent round."""
    with pytest.raises(UnreadableRecord):
        take_message(slipway.app, EVENTS_QUEUE, body)

    assert queued(slipway, "events") == 0


def test_a_message_of_an_unknown_type_is_poison(slipway: Harness) -> None:
    """It names the type."""
    body = written(slipway, ASK).replace("time-passed", "make-coffee")

    with pytest.raises(UnknownMessage, match="make-coffee"):
        take_message(slipway.app, EVENTS_QUEUE, body)


def test_an_effect_under_anothers_id_is_poison(slipway: Harness) -> None:
    """Attack: a report under a forged id would take the true effect out of the outbox; an id follows from what it names."""
    effect = ReadTags(service=DELIVERY, version="1.0.0", asked=1)
    body = json.loads(encode_effect(effect, Delivery(correlation="c-1"), at=slipway.app.now()))
    body["message"]["id"] = "shipping~delivery:1:deploy:1"

    with pytest.raises(UnreadableRecord, match=r"field message\.id: is not a field here"):
        take_message(slipway.app, queue_of("gather-facts"), json.dumps(body))


def test_what_is_out_of_reach_is_asked_again_when_it_said(slipway: Harness) -> None:
    """Not before, and by the same message."""
    slipway.outside.commit(branch("1.0.0"), {"x": b"1"})
    slipway.outside.troubles.add("source", Transient("busy", retry_after=timedelta(minutes=2)))
    body = written(slipway, PUSH)
    take_message(slipway.app, queue_of("inspect-push"), body)
    slipway.outside.clock.advance(timedelta(seconds=119))
    early = slipway.receive("inspect-push")
    slipway.outside.clock.advance(timedelta(seconds=1))

    assert early == []
    [message] = slipway.receive("inspect-push")
    assert message.body == body


def test_what_is_out_of_reach_without_a_word_is_asked_again_in_seconds(slipway: Harness) -> None:
    """The sender was answered long ago; nobody else will ask."""
    slipway.outside.troubles.add("source", Transient("busy"))
    take_message(slipway.app, queue_of("inspect-push"), written(slipway, PUSH))
    early = slipway.receive("inspect-push")
    slipway.outside.clock.advance(timedelta(seconds=5))

    assert early == []
    assert len(slipway.receive("inspect-push")) == 1


def test_a_service_that_others_keep_changing_is_tried_again(slipway: Harness) -> None:
    """Nothing was written; the message goes back with a delay."""
    store = Failing(slipway.app.store, StaleService("others were faster"))
    take_message(slipway.wrap(store=store).app, EVENTS_QUEUE, written(slipway, ASK))
    early = slipway.receive("events")
    slipway.outside.clock.advance(timedelta(seconds=5))

    assert early == []
    assert len(slipway.receive("events")) == 1


def test_a_push_of_a_repository_that_is_not_served_is_done_with(slipway: Harness) -> None:
    """Attack: reports of made-up repositories neither fill the poison queue nor go round for ever."""
    take_message(
        slipway.app, queue_of("inspect-push"), written(slipway, ev.PushReceived(id="p", repository="x", ref=MAIN))
    )

    assert queued(slipway, "inspect-push") == 0
    assert slipway.app.rows.list("x") == []


def test_a_configuration_that_is_being_written_is_waited_for(slipway: Harness) -> None:
    """Its writer is done in a moment, or died and is made up for by the tick; a push must not be lost for it."""
    row, config = policy_row(slipway, "package"), slipway.app.rows.get(SHIPPING, CONFIG)
    assert config is not None
    slipway.app.rows.delete(SHIPPING, row.key, etag=row.etag)
    slipway.outside.commit(branch("1.0.0"), {"x": b"1"})
    take_message(slipway.app, queue_of("inspect-push"), written(slipway, PUSH))
    early = slipway.receive("inspect-push")
    slipway.app.rows.overwrite(SHIPPING, row.key, row.value)
    slipway.outside.clock.advance(timedelta(seconds=5))
    slipway.pump(*all_but("build"))

    assert early == []
    assert slipway.release("1.0.0").build is not None
