"""Telling others of pushes, in the envelope of CNCF distribution's notifications."""

from __future__ import annotations

import http.client
import json
import logging
import queue
import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

CONTENT_TYPE = "application/vnd.docker.distribution.events.v1+json"
_MOST_WAITING = 10_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedTag:
    """A manifest that was just kept, and the request that brought it."""

    repository: str
    tag: str | None
    digest: str
    media_type: str
    size: int
    url: str
    host: str
    method: str
    address: str
    user_agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Who wants to know. `headers` may hold a secret; `pauses` are the seconds between tries."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    pauses: Sequence[float] = (0.1, 0.5, 2.0, 5.0, 15.0)
    timeout: float = 10.0


class Notifier:
    """Posts each push to every endpoint, in order, from a thread for each, and tries again where that fails.

    What waits is lost with the process: a notification is a hint, and whoever depends on it reads the registry too.
    """

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self._stopped = threading.Event()
        self._lanes = [(endpoint, queue.Queue[bytes | None](_MOST_WAITING)) for endpoint in endpoints]
        self._threads = [
            threading.Thread(target=self._work, args=lane, name="registry-notifications", daemon=True)
            for lane in self._lanes
        ]
        for thread in self._threads:
            thread.start()

    def pushed(self, push: PushedTag) -> None:
        """Tell of a push; returns at once."""
        body = envelope(push, id=str(uuid.uuid4()), at=datetime.now(UTC))
        for endpoint, waiting in self._lanes:
            try:
                waiting.put_nowait(body)
            except queue.Full:
                _log.warning("%s is too far behind; it is not told of %s", endpoint.url, push.digest)

    def stop(self) -> None:
        """Send what waits and end; after the first failure the rest for that endpoint is dropped."""
        self._stopped.set()
        for _, waiting in self._lanes:
            waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self, endpoint: Endpoint, waiting: queue.Queue[bytes | None]) -> None:
        while (body := waiting.get()) is not None:
            if not self._deliver(endpoint, body) and self._stopped.is_set():
                return

    def _deliver(self, endpoint: Endpoint, body: bytes) -> bool:
        for pause in (*endpoint.pauses, None):
            problem = _post(endpoint, body)
            if problem is None:
                return True
            if pause is None or self._stopped.wait(pause):
                break
        _log.warning("%s was not told of a push: %s", endpoint.url, problem)
        return False


def envelope(push: PushedTag, *, id: str, at: datetime) -> bytes:
    """Write a push as CNCF distribution does."""
    target: dict[str, object] = {
        "mediaType": push.media_type,
        "size": push.size,
        "digest": push.digest,
        "length": push.size,
        "repository": push.repository,
        "url": push.url,
    }
    if push.tag:
        target["tag"] = push.tag
    event = {
        "id": id,
        "timestamp": at.isoformat().replace("+00:00", "Z"),
        "action": "push",
        "target": target,
        "request": {
            "id": str(uuid.uuid4()),
            "addr": push.address,
            "host": push.host,
            "method": push.method,
            "useragent": push.user_agent,
        },
        "actor": {},
        "source": {"addr": push.host},
    }
    return json.dumps({"events": [event]}).encode()


def _post(endpoint: Endpoint, body: bytes) -> str | None:
    headers = {**endpoint.headers, "Content-Type": CONTENT_TYPE}
    request = urllib.request.Request(endpoint.url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=endpoint.timeout):
            return None
    except urllib.error.HTTPError as refusal:
        with refusal:
            return f"HTTP {refusal.code}"
    except (OSError, http.client.HTTPException) as problem:
        return str(problem)
