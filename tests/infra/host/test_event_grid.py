"""Event Grid functions on the local host."""

from __future__ import annotations

import json
from collections.abc import Iterator

import azure.functions as func
import pytest

from tests.support.host import KEY, Running, running

app = func.FunctionApp()
GOT: list[func.EventGridEvent | func.CloudEvent] = []
PATH = f"/runtime/webhooks/EventGrid?functionName=registry_pushed&code={KEY}"
CLOUD = {
    "id": "c1",
    "source": "/registry",
    "type": "Pushed",
    "specversion": "1.0",
    "data": {"a": 1},
    "odd": "x",
}


@app.event_grid_trigger(arg_name="event")
def registry_pushed(event: func.EventGridEvent) -> None:
    GOT.append(event)
    if event.id == "bad":
        raise RuntimeError("broken")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(app, tmp_path_factory.mktemp("host")) as found:
        yield found


@pytest.fixture(autouse=True)
def _nothing_got() -> None:
    GOT.clear()


def grid_event(id_: str) -> dict[str, object]:
    return {
        "id": id_,
        "topic": "/registry",
        "subject": "delivery:v1.0.2",
        "eventType": "Microsoft.ContainerRegistry.ImagePushed",
        "eventTime": "2026-11-23T12:00:00.1234567Z",
        "data": {"action": "push"},
        "dataVersion": "1.0",
    }


def test_each_event_of_a_delivery_is_passed(host: Running) -> None:
    """Event Grid's own schema comes as an array."""
    answer = host.call("POST", PATH, body=json.dumps([grid_event("e1"), grid_event("e2")]).encode())

    assert answer.status == 202
    assert [event.id for event in GOT] == ["e1", "e2"]
    first = GOT[0]
    assert isinstance(first, func.EventGridEvent)
    assert first.event_time is not None
    assert (first.get_json(), first.event_type, first.event_time.isoformat()) == (
        {"action": "push"},
        "Microsoft.ContainerRegistry.ImagePushed",
        "2026-11-23T12:00:00.123456+00:00",
    )


@pytest.mark.parametrize("body", [CLOUD, [CLOUD]])
def test_cloud_events_arrive_as_such(host: Running, body: object) -> None:
    """Alone or as a batch, whatever the parameter's annotation says, as on Azure."""
    answer = host.call("POST", PATH, body=json.dumps(body).encode())

    assert answer.status == 202
    [event] = GOT
    assert isinstance(event, func.CloudEvent)
    assert (event.id, event.get_json(), event.extension_attrs) == ("c1", {"a": 1}, {"odd": "x"})


def test_a_subscription_is_validated_without_calling_the_function(host: Running) -> None:
    """The handshake of Event Grid's schema sends back the code."""
    kind = "Microsoft.EventGrid.SubscriptionValidationEvent"
    event = grid_event("v") | {"eventType": kind, "data": {"validationCode": "512d38b6"}}

    answer = host.call("POST", PATH, body=json.dumps([event]).encode())

    assert (answer.status, answer.json()) == (200, {"validationResponse": "512d38b6"})
    assert GOT == []


def test_the_abuse_protection_of_cloud_events_is_answered(host: Running) -> None:
    """OPTIONS with an origin allows that origin."""
    answer = host.call("OPTIONS", PATH, headers={"WebHook-Request-Origin": "eventgrid.azure.net"})

    assert (answer.status, answer.headers["WebHook-Allowed-Origin"]) == (200, "eventgrid.azure.net")


@pytest.mark.parametrize(
    ("path", "method", "body", "status"),
    [
        ("/runtime/webhooks/eventgrid?functionName=registry_pushed", "POST", b"[]", 401),
        (PATH.replace(KEY, "wrong"), "OPTIONS", b"", 401),
        (PATH.replace("registry_pushed", "other"), "POST", b"[]", 404),
        (PATH, "GET", b"", 405),
        (PATH, "POST", b"{", 400),
        (PATH, "POST", b"[1]", 400),
        (PATH, "POST", b'[{"id": "x"}]', 400),
        (PATH, "POST", json.dumps(grid_event("e") | {"eventTime": "noon"}).encode(), 400),
    ],
)
def test_what_is_no_delivery_is_refused(host: Running, path: str, method: str, body: bytes, status: int) -> None:
    """Without the key, for an unknown function or in another shape; the function is not called."""
    answer = host.call(method, path, body=body)

    assert answer.status == status
    assert GOT == []


def test_event_grid_sends_again_what_the_function_failed_on(host: Running) -> None:
    """The answer is 500, which Event Grid retries."""
    assert host.call("POST", PATH, body=json.dumps([grid_event("bad")]).encode()).status == 500
