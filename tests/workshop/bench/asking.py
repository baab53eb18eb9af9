"""A person at a host's doors over a connection that is kept, each answer with its time."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

_PATIENCE = 60.0


class Asker:
    """Asks one thing after another. Raise RuntimeError where an answer is not a good one."""

    def __init__(self, url: str, key: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_PATIENCE)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def get(self, path: str) -> float:
        """Read a page or an answer, and return how long it took in seconds."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: Mapping[str, object], *, key: str) -> float:
        """Ask for a change, and return how long the answer took."""
        return self._ask("POST", path, json.dumps(body), {"Idempotency-Key": key})

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _ask(self, method: str, path: str, body: str | None, more: Mapping[str, str] | None = None) -> float:
        began = time.perf_counter()
        self._connection.request(method, path, body, {**self._headers, **(more or {})})
        answer = self._connection.getresponse()
        content = answer.read()
        took = time.perf_counter() - began
        if answer.status != http.client.OK:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return took
