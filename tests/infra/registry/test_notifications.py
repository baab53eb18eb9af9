"""Pushes are told to whoever asked, as CNCF distribution would."""

from __future__ import annotations

import json
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from werkzeug.wrappers import Request, Response

from infra.local.registry import Endpoint, Notifier, serve
from infra.local.registry.server import RunningServer
from shared.adapters.oci_registry import OciRegistry
from tests.support import registries
from tests.support.registries import embedded_registry


@dataclass
class Listener:
    """Receives notifications; answers with each of `statuses` once and with 202 from then on."""

    statuses: list[int] = field(default_factory=list)
    url: str = ""
    received: queue.Queue[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=queue.Queue)

    def next(self) -> tuple[dict[str, str], dict[str, Any]]:
        """Wait for a notification; its headers and its only event."""
        headers, body = self.received.get(timeout=60)
        (event,) = body["events"]
        return headers, event


@contextmanager
def listening(*statuses: int) -> Iterator[Listener]:
    listener = Listener(list(statuses))

    @Request.application
    def app(request: Request) -> Response:
        listener.received.put((dict(request.headers), json.loads(request.data)))
        return Response(status=listener.statuses.pop(0) if listener.statuses else 202)

    server = RunningServer(app)
    listener.url = f"http://127.0.0.1:{server.port}/api/hooks/registry"
    try:
        yield listener
    finally:
        server.stop()


def test_a_push_is_told_with_what_was_pushed(tmp_path: Path) -> None:
    """In CNCF distribution's envelope, with the headers that the listener wants."""
    with listening() as listener:
        running = serve(tmp_path / "registry", notify_url=listener.url, headers={"X-Secret": "between us"})
        try:
            digest = registries.push_image(running.host, "delivery", "v1.0.0", tmp_path)
            _, untagged = listener.next()
            headers, event = listener.next()
        finally:
            running.stop()

    assert headers["Content-Type"] == "application/vnd.docker.distribution.events.v1+json"
    assert headers["X-Secret"] == "between us"
    assert "tag" not in untagged["target"]
    assert event["action"] == "push"
    assert event["target"]["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    assert event["target"]["repository"] == "delivery"
    assert event["target"]["tag"] == "v1.0.0"
    assert event["target"]["digest"] == str(digest)
    assert event["target"]["length"] == event["target"]["size"] > 0
    assert event["target"]["url"] == f"http://{running.host}/v2/delivery/manifests/{digest}"
    assert event["request"]["host"] == running.host
    assert event["request"]["method"] == "PUT"
    assert event["timestamp"].endswith("Z")
    assert event["id"]


def test_a_copy_is_told_children_first_and_the_tag_last(tmp_path: Path) -> None:
    """Only the last of a copy's notifications names a tag."""
    with listening() as listener:
        notifier = Notifier([Endpoint(url=listener.url)])
        with embedded_registry(tmp_path / "registry", notifier=notifier) as host:
            digest = registries.push_index(host, "delivery", "v1.0.0", tmp_path)
            pushed = [listener.next()[1]["target"] for _ in range(3)]
            OciRegistry().copy(host, "delivery", "prod/delivery", digest, "v1.0.0")
            copied = [listener.next()[1]["target"] for _ in range(3)]
        notifier.stop()

    assert pushed[-1]["digest"] == str(digest)
    assert [target.get("tag") for target in copied] == [None, None, "v1.0.0"]
    assert {target["repository"] for target in copied} == {"prod/delivery"}


def test_a_listener_that_fails_is_told_again(tmp_path: Path) -> None:
    """The same notification, with the same id, until it is taken."""
    with listening(503, 500) as listener:
        notifier = Notifier([Endpoint(url=listener.url, pauses=(0.0, 0.0, 0.0))])
        with embedded_registry(tmp_path / "registry", notifier=notifier) as host:
            OciRegistry().push_image(host, "delivery", registries.a_layer(tmp_path), {})
            ids = [listener.next()[1]["id"] for _ in range(3)]
        notifier.stop()

    assert len(set(ids)) == 1
    assert listener.received.empty()


def test_a_push_does_not_wait_for_its_listeners(tmp_path: Path) -> None:
    """One that is not there changes nothing, not even for the others."""
    with listening() as listener:
        notifier = Notifier([Endpoint(url="http://127.0.0.1:9/", pauses=(3600.0,)), Endpoint(url=listener.url)])
        with embedded_registry(tmp_path / "registry", notifier=notifier) as host:
            digest = registries.push_image(host, "delivery", "v1.0.0", tmp_path)
            _, event = listener.next()
        notifier.stop()

    assert event["target"]["digest"] == str(digest)
