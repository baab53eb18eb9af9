"""The API server as the fake kubelet asks it: a connection for each thread, and lists that are watched from there on."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MERGE, STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"
_JSON = "application/json"
_TRIES = 3
_WATCHED = 300  # seconds, until the watch is asked for again


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a body; 599 where nobody answered."""

    status: int
    body: Any


class Api:
    """Asks the API server on loopback, by a token."""

    def __init__(self, folder: Path, port: int, token: str) -> None:
        self._port, self._token = port, token
        self._context = ssl.create_default_context(cafile=str(folder / "pki/ca.crt"))
        self._here = threading.local()

    def ask(self, method: str, path: str, body: object = None, *, kind: str = _JSON) -> Answer:
        """Ask, and once more where a kept connection has ended."""
        data = None if body is None else json.dumps(body)
        for _ in range(_TRIES):
            try:
                connection = getattr(self._here, "connection", None) or self._connect(30)
                self._here.connection = connection
                connection.request(method, path, data, {**self._headers(), "Content-Type": kind})
                response = connection.getresponse()
                text = response.read()
                return Answer(response.status, json.loads(text) if text else None)
            except (http.client.HTTPException, OSError):
                self._here.connection = None
        return Answer(599, None)

    def watch(self, path: str, since: str) -> Iterator[tuple[str, Any]]:
        """Yield changes since a resource version, each with its kind, until the watch ends; raise OSError where it cannot be had."""
        asked = {"watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": str(_WATCHED), "resourceVersion": since}
        connection = self._connect(_WATCHED + 30)
        try:
            connection.request("GET", f"{path}&{urllib.parse.urlencode(asked)}", headers=self._headers())
            response = connection.getresponse()
            if response.status != 200:
                raise OSError(f"a watch was answered with {response.status}")
            while line := response.readline():
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise OSError(f"a watch ended: {event['object']}")
                yield event["type"], event["object"]
        finally:
            connection.close()

    def _connect(self, timeout: float) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("127.0.0.1", self._port, context=self._context, timeout=timeout)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}", "Accept": _JSON}
