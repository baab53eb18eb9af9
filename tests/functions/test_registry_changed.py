"""Event Grid's door: both of its schemas, what is passed over, and what is delivered again."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

import pytest
from azure.functions.eventgrid import EventGridEventInConverter
from azure.functions.meta import Datum

import function_app
from shared.domain.values.names import Digest
from tests.functions.test_hooks import FullQueues
from tests.support.app_parts import DELIVERY, Harness
from tests.support.doors import Doors, serving
from tests.support.host import KEY, Answer, Running
from tests.support.outside_registry import digest_of
from tests.support.payloads import payload

DOOR = f"/runtime/webhooks/eventgrid?functionName=registry_changed&code={KEY}"
HOST = {"host": "localhost:5000"}
[PUSHED] = json.loads(payload("event-grid-image-pushed"))
[DELETED] = json.loads(payload("event-grid-image-deleted"))
CLOUD = json.loads(payload("cloud-event-image-pushed"))


def deliver(doors: Doors, *events: Mapping[str, Any]) -> Answer:
    """What Event Grid sends."""
    return doors.hook(DOOR, json.dumps(events).encode(), {})


def about(event: Mapping[str, Any], **target: str) -> dict[str, Any]:
    """The same event of another target in the registry that services use."""
    return {**event, "data": {**event["data"], "target": {**event["data"]["target"], **target}, "request": HOST}}


@pytest.mark.parametrize("name", ["event-grid-image-pushed", "cloud-event-image-pushed"])
def test_a_pushed_image_is_queued_in_both_schemas(doors: Doors, slipway: Harness, name: str) -> None:
    """As the service sends them."""
    answer = doors.hook(DOOR, payload(name), {})

    assert (answer.status, slipway.waiting("events")) == (202, 1)


def test_without_the_hosts_key_nothing_is_queued(doors: Doors, slipway: Harness) -> None:
    """The key is what authenticates Event Grid; no secret of ours is in the payload."""
    answer = doors.hook(DOOR.replace(KEY, "wrong"), payload("event-grid-image-pushed"), {})

    assert (answer.status, slipway.waiting("events")) == (401, 0)


def test_an_event_that_is_delivered_again_is_recorded_once(doors: Doors, slipway: Harness) -> None:
    """Event Grid delivers at least once, in both schemas under one id."""
    slipway.release_to("1.0.2", approve=False)
    deliver(doors, about(PUSHED))
    slipway.pump()
    entries = slipway.timeline()

    deliver(doors, about(PUSHED), about(CLOUD))
    slipway.pump()

    assert [one.event_id for one in entries].count(f"registry:{PUSHED['id']}") == 1
    assert slipway.timeline() == entries


def test_a_tag_that_moved_stops_its_release(doors: Doors, slipway: Harness) -> None:
    """The event is a hint; the registry says the same."""
    other = digest_of(b"something else")
    slipway.release_to("1.0.2", approve=False)
    slipway.outside.registry.tagged["delivery", "v1.0.2"] = other

    deliver(doors, about(PUSHED, digest=other.text))
    slipway.pump()

    assert other.text in slipway.release("1.0.2").quarantine


def test_events_out_of_order_end_alike(doors: Doors, slipway: Harness) -> None:
    """The newest push is told first; the older one, last, claims a digest that the tag does not name any more."""
    slipway.release_to("1.0.2", approve=False)
    old = about({**PUSHED, "id": "older"}, digest=Digest("sha256:" + "1" * 64).text)
    artifact = slipway.release("1.0.2").artifact
    assert artifact is not None

    deliver(doors, about(PUSHED, digest=artifact.image.digest.text), old)
    slipway.pump()

    assert slipway.release("1.0.2").quarantine == ""


def test_a_deletion_has_the_way_back_looked_for(doors: Doors, slipway: Harness) -> None:
    """Before anybody approves what could not be taken back."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.1.0", approve=False)
    live = slipway.environment("production").live
    assert live is not None
    for repository in ("delivery", "prod/delivery"):
        slipway.outside.registry.lose_tag(repository, "v1.0.0")

    deliver(doors, about(DELETED, repository="prod/delivery", digest=live.artifact.image.digest.text))
    slipway.pump()

    assert "there is no way back" in slipway.promotion("1.1.0", "production").reason


def test_our_own_copies_are_told_apart(doors: Doors, slipway: Harness, caplog: pytest.LogCaptureFixture) -> None:
    """A promotion to production raises events for the copies that it makes."""
    slipway.release_to("1.0.2")
    entries = slipway.timeline()
    with caplog.at_level(logging.INFO):
        deliver(doors, about(PUSHED, repository="prod/delivery"))
        slipway.pump()

    assert slipway.timeline() == entries
    assert "ours: a copy of shipping~delivery in the namespace prod" in caplog.text


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"eventType": "Microsoft.Storage.BlobCreated"}, "the type Microsoft.Storage.BlobCreated"),
        ({"data": {**PUSHED["data"], "target": {"repository": "delivery"}}}, "an untagged manifest"),
        ({"data": {"target": {"mediaType": "application/vnd.acr.helm.chart"}}}, "a retired chart repository"),
    ],
)
def test_what_means_nothing_is_passed_over_by_name(
    doors: Doors, slipway: Harness, caplog: pytest.LogCaptureFixture, change: dict[str, Any], reason: str
) -> None:
    """It is accepted, so that it does not come again."""
    with caplog.at_level(logging.INFO):
        answer = deliver(doors, {**PUSHED, **change})

    assert (answer.status, slipway.waiting("events")) == (202, 0)
    assert reason in caplog.text


@pytest.mark.parametrize("data", [{"target": {"tag": "v1"}}, {"target": "x"}, {"target": {"tag": 5}}])
def test_what_cannot_be_read_is_not_delivered_for_ever(
    doors: Doors, slipway: Harness, caplog: pytest.LogCaptureFixture, data: dict[str, Any]
) -> None:
    """It would read no better the next time; a warning names the field."""
    answer = deliver(doors, {**PUSHED, "data": data})

    assert (answer.status, slipway.waiting("events")) == (202, 0)
    [warning] = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert "event.unreadable" in warning.getMessage()
    assert "data.target" in warning.getMessage()


@pytest.mark.parametrize(
    "sent", [{}, {**PUSHED, "topic": None, "id": 5}, {**CLOUD, "type": ["x"]}, {**CLOUD, "id": {}}]
)
def test_what_the_platform_hands_on_of_a_broken_event_raises_nothing(
    sent: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Its own reader makes an event of any object, with parts that are missing or of any type."""
    found = EventGridEventInConverter.decode(Datum(json.dumps(sent), "json"), trigger_metadata=None)
    [call] = [
        one.get_user_function()
        for one in function_app.make(frozenset({"control"})).get_functions()
        if one.get_function_name() == "registry_changed"
    ]
    with caplog.at_level(logging.INFO):
        call(event=found)

    assert "event.unreadable" in caplog.text or "event.passed_over" in caplog.text


def test_what_cannot_be_queued_is_delivered_again(
    slipway: Harness, host: Running, caplog: pytest.LogCaptureFixture
) -> None:
    """An event is acknowledged only when it is kept."""
    with serving(slipway.wrap(queues=FullQueues()), host) as doors:
        answer = doors.hook(DOOR, payload("event-grid-image-pushed"), {})

    assert answer.status == 500
    assert "event.not_queued" in caplog.text


def test_a_release_is_told_of_its_push_by_event_grid(doors: Doors, slipway: Harness) -> None:
    """While it is packaged, the digest is kept as a fact."""
    slipway.push_release("1.0.2")
    slipway.pump("events", "inspect-push", "gather-facts", "notify")

    deliver(doors, about(PUSHED))
    slipway.pump("events")

    entry = slipway.timeline(DELIVERY)[-1]
    assert (entry.event_type, entry.event_id) == ("artifact-announced", f"registry:{PUSHED['id']}")
