"""The API of one cluster as JSON, by the official client. What it says no to has our words, and says whose fault it is."""

from __future__ import annotations

import json
import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from shared.adapters.kubernetes.connection import ClusterConnection
from shared.adapters.kubernetes.faults import of_answer, of_exception
from shared.ports.errors import Permanent, Transient

_PATIENCE, _TO_CONNECT = 20.0, 5.0  # seconds for an answer, and until somebody answers at all
_JSON = "application/json"
_NO_NAMES = frozenset({"", ".", ".."})
_LONGEST, _LONGEST_REFUSAL = 32 * 1024 * 1024, 64 * 1024
Query = Sequence[tuple[str, str]]


class Api:
    """One cluster, for all threads of a process. Paths are parts that are quoted here: `("api", "v1", "namespaces", name)`.

    Each call raises NotFound, Conflict, Permanent (ours unless the object is at fault), Transient.
    """

    def __init__(self, connection: ClusterConnection, *, to_connect: float = _TO_CONNECT) -> None:
        # Loaded with the first cluster that is asked: it takes a third of a second.
        from kubernetes import client
        from kubernetes.client import rest

        library: Any = rest
        self._timeout, self._to_connect = library.urllib3.Timeout, to_connect
        self.name, self.connection = connection.name, connection
        self._time: datetime | None = None
        settings = client.Configuration()
        settings.host, settings.retries = connection.server, False
        if connection.authority:
            settings.ca_cert_data = connection.authority
        folder = tempfile.mkdtemp(prefix="slipway-cluster-") if connection.certificate else ""
        # Whoever forgets it closes it too.
        self._tidy = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        if connection.certificate:
            settings.cert_file = _file(folder, "certificate", connection.certificate)
            settings.key_file = _file(folder, "key", connection.key)
        if connection.server_name:
            settings.tls_server_name = connection.server_name
        self._client: Any = client.ApiClient(settings)

    def close(self) -> None:
        """Close its connections."""
        self._client.close()
        self._tidy()

    def get(self, path: Sequence[str], query: Query = (), *, accept: str = _JSON) -> dict[str, Any]:
        """Read an object, or a list."""
        return self._json("GET", path, query, headers={"Accept": accept})

    def text(self, path: Sequence[str], query: Query = ()) -> str:
        """Read what is no JSON, such as a log."""
        return self._call("GET", path, query, headers={"Accept": "*/*"}).decode(errors="replace")

    def post(self, path: Sequence[str], body: Mapping[str, Any], query: Query = ()) -> dict[str, Any]:
        """Make an object, or ask what is asked by making one."""
        return self._json("POST", path, query, body=body)

    def put(self, path: Sequence[str], body: Mapping[str, Any], query: Query = ()) -> dict[str, Any]:
        """Replace an object; raise Conflict where its resourceVersion is not the newest."""
        return self._json("PUT", path, query, body=body)

    def patch(self, path: Sequence[str], body: Any, query: Query = (), *, kind: str) -> dict[str, Any]:
        """Change an object; `kind` is the patch's content type."""
        return self._json("PATCH", path, query, body=body, headers={"Content-Type": kind})

    def delete(self, path: Sequence[str], query: Query = ()) -> dict[str, Any]:
        """Delete an object."""
        return self._json("DELETE", path, query)

    def follow(self, path: Sequence[str], query: Query, *, seconds: float) -> Any:
        """Follow a list for so many seconds, as the answer that is still being sent; whoever asks closes it."""
        asked = [*query, ("watch", "true"), ("timeoutSeconds", str(max(1, round(seconds))))]
        return self._answer("GET", path, asked, None, {"Accept": _JSON}, patience=seconds + 5)

    def time(self) -> datetime:
        """What the cluster's clock showed at the newest answer, to the second."""
        return self._time or datetime.now(UTC)

    def _json(
        self,
        method: str,
        path: Sequence[str],
        query: Query,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        content = self._call(method, path, query, body=body, headers=headers)
        try:
            found = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise Transient(f"{self._what(method, path)}: answered with something else than JSON") from error
        return found if isinstance(found, dict) else {}

    def _call(
        self,
        method: str,
        path: Sequence[str],
        query: Query,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        what, answer = self._what(method, path), self._answer(method, path, query, body, headers or {})
        content = self._content(what, answer, _LONGEST + 1)
        if len(content) > _LONGEST:
            raise Permanent(f"{what}: answered with more than {_LONGEST} bytes", ours=True)
        return content

    def _answer(
        self,
        method: str,
        path: Sequence[str],
        query: Query,
        body: Any,
        headers: Mapping[str, str],
        *,
        patience: float = _PATIENCE,
    ) -> Any:
        told = {"Accept": _JSON, "Content-Type": _JSON, **headers}
        if token := self.connection.token():
            told["Authorization"] = f"Bearer {token}"
        address = self.connection.server.rstrip("/") + "/" + "/".join(quote(part, safe="") for part in path)
        if query:
            address += "?" + urlencode(list(query))
        what = self._what(method, path)
        if any(part in _NO_NAMES or "/" in part for part in path):
            # Dots would be taken for the way up, so that something else is asked for.
            raise Permanent(f"{what}: holds a name that nothing has")
        try:
            answer = self._client.rest_client.pool_manager.request(
                method,
                address,
                body=None if body is None else json.dumps(body).encode(),
                headers=told,
                timeout=self._timeout(connect=self._to_connect, read=patience),
                preload_content=False,
                redirect=False,
                retries=False,
            )
        except Exception as error:
            raise of_exception(what, error) from error
        with suppress(TypeError, ValueError):
            self._time = parsedate_to_datetime(answer.headers.get("Date")).astimezone(UTC)
        if answer.status >= 300:
            raise of_answer(what, answer.status, self._content(what, answer, _LONGEST_REFUSAL), answer.headers)
        return answer

    @staticmethod
    def _content(what: str, answer: Any, most: int) -> bytes:
        try:
            content: bytes = answer.read(most)
        except Exception as error:
            raise of_exception(what, error) from error
        finally:
            answer.release_conn()
        return content

    def _what(self, method: str, path: Sequence[str]) -> str:
        return f"cluster {self.name}: {method} /{'/'.join(path)}"


def _file(folder: str, name: str, content: str) -> str:
    """The library under the client reads keys from files alone."""
    file = Path(folder, name)
    file.touch(mode=0o600)
    file.write_text(content)
    return str(file)
