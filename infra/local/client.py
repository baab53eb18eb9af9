"""A person at the API of a local host."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An HTTP status and what came with it."""

    status: int
    body: Mapping[str, Any]


class Client:
    """Calls the API as one person. Raise OSError where nobody listens."""

    def __init__(self, url: str, key: str) -> None:
        self._url, self._key = url, key

    def get(self, path: str) -> HttpAnswer:
        """Read."""
        return self._call("GET", path, None, "")

    def post(self, path: str, body: Mapping[str, object], *, idempotency_key: str = "") -> HttpAnswer:
        """Ask for something; with a key, asking again changes nothing."""
        return self._call("POST", path, body, idempotency_key)

    def delete(self, path: str, *, idempotency_key: str = "") -> HttpAnswer:
        """Take something away; with a key, asking again changes nothing."""
        return self._call("DELETE", path, None, idempotency_key)

    def _call(self, method: str, path: str, body: Mapping[str, object] | None, key: str) -> HttpAnswer:
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return HttpAnswer(response.status, json.loads(response.read() or b"{}"))
        except urllib.error.HTTPError as error:
            with error:
                content = error.read()
            try:
                return HttpAnswer(error.code, json.loads(content))
            except ValueError:
                return HttpAnswer(error.code, {"detail": content.decode(errors="replace")[:200]})
