"""How Azure Container Registry signs in, around a registry that asks nobody: challenge, exchange, scoped tokens.

https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
"""

from __future__ import annotations

import base64
import http.client
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from werkzeug.wrappers import Request, Response

from infra.local.registry.server import RunningServer
from tests.support.registries import distribution_registry, embedded_registry

WSGIApp = Callable[..., Iterable[bytes]]
AUDIENCE = "https://containerregistry.azure.net"
_REPOSITORY = re.compile(r"/v2/(.+)/(?:manifests|blobs|tags|referrers)/")
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
_LATER = 4102444800


@dataclass(frozen=True, slots=True)
class Access:
    """One request that was let in: whose identity, and what it did to which repository."""

    client_id: str
    action: str
    repository: str


@dataclass
class Acr:
    """Middleware that lets in whom an Entra token names. `holder` says whose token that is, `rights` what each may.

    Rights are pairs of an action (`pull`, `push`, `delete`) and how a repository's name begins; who is not named may everything.
    """

    holder: Callable[[str, str], str | None]
    rights: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    accesses: list[Access] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._refresh: dict[str, str] = {}
        self._access: dict[str, tuple[str, str]] = {}
        self._numbers = itertools.count(1)

    def did(self, client_id: str) -> set[tuple[str, str]]:
        """What an identity did: action and repository."""
        return {(one.action, one.repository) for one in self.accesses if one.client_id == client_id}

    def end_tokens(self) -> None:
        """Let every token that was given out be over."""
        self._refresh.clear()
        self._access.clear()

    def around(self, app: WSGIApp) -> WSGIApp:
        """Guard an application."""

        def guarded(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            request = Request(environ)
            self.paths.append(request.path)
            if request.path == "/oauth2/exchange":
                return self._exchange(request)(environ, start)
            if request.path == "/oauth2/token":
                return self._token(request)(environ, start)
            refused = self._refusal(request)
            return refused(environ, start) if refused else app(environ, start)

        return guarded

    def _exchange(self, request: Request) -> Response:
        form = request.form
        client_id = self.holder(form.get("access_token", ""), AUDIENCE)
        if client_id is None or form.get("grant_type") != "access_token" or form.get("service") != request.host:
            return _unauthorized()
        refresh = _jwt(next(self._numbers))
        self._refresh[refresh] = client_id
        return _json({"refresh_token": refresh})

    def _token(self, request: Request) -> Response:
        form = request.form
        shown = form.get("refresh_token") if form.get("grant_type") == "refresh_token" else None
        client_id = self._refresh.get(shown or "")
        if client_id is None or request.values.get("service") != request.host:
            return _unauthorized()
        token = f"acr-{next(self._numbers)}"
        self._access[token] = (client_id, " ".join(request.values.getlist("scope")))
        return _json({"access_token": token})

    def _refusal(self, request: Request) -> Response | None:
        """The answer to who may not do that; None lets them in."""
        wanted = _wanted(request)
        given = request.authorization.token if request.authorization else None
        client_id, scope = self._access.get(given or "", ("", ""))
        granted = all(self._granted(client_id, scope, action, name) for action, name in wanted)
        if client_id and granted:
            self.accesses += [Access(client_id, action, name) for action, name in wanted]
            return None
        scopes = " ".join(
            f"repository:{name}:{'pull' if action == 'pull' else f'pull,{action}'}" for action, name in wanted
        )
        challenge = f'Bearer realm="{request.host_url}oauth2/token",service="{request.host}",scope="{scopes}"'
        response = _unauthorized()
        response.headers["WWW-Authenticate"] = challenge + (',error="insufficient_scope"' if client_id else "")
        return response

    def _granted(self, client_id: str, scope: str, action: str, repository: str) -> bool:
        asked = any(
            (parts := one.split(":"))[1] == repository and action in parts[2].split(",") for one in scope.split()
        )
        rights = self.rights.get(client_id)
        return asked and (rights is None or any(act == action and repository.startswith(name) for act, name in rights))


@contextmanager
def acr(
    holder: Callable[[str, str], str | None], *, folder: Path | None = None, distribution: bool = False
) -> Iterator[tuple[str, Acr]]:
    """Serve one in front of the embedded registry, or of CNCF distribution; gives its host and port."""
    guard = Acr(holder)
    with ExitStack() as stack:
        if not distribution:
            yield stack.enter_context(embedded_registry(folder, wrap=guard.around)), guard
            return
        server = RunningServer(guard.around(forwarding(stack.enter_context(distribution_registry()))))
        stack.callback(server.stop)
        yield f"127.0.0.1:{server.port}", guard


def forwarding(host: str) -> WSGIApp:
    """Pass every request on to another server."""

    @Request.application
    def app(request: Request) -> Response:
        connection = http.client.HTTPConnection(host, timeout=60)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in {*_HOP, "host"}}
        connection.request(request.method, request.full_path.rstrip("?"), request.get_data(), headers)
        answer = connection.getresponse()
        body = answer.read()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP]
        connection.close()
        made = Response(body, status=answer.status, headers=kept)
        if request.method == "HEAD":
            made.headers["Content-Length"] = answer.getheader("Content-Length", "0")
        return made

    return app


def _wanted(request: Request) -> list[tuple[str, str]]:
    found = _REPOSITORY.match(request.path)
    if found is None:
        return []
    action = {"GET": "pull", "HEAD": "pull", "DELETE": "delete"}.get(request.method, "push")
    source = request.args.get("from")
    return [(action, found[1]), *([("pull", source)] if source else [])]


def _unauthorized() -> Response:
    return _json({"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}, 401)


def _json(document: Mapping[str, object], status: int = 200) -> Response:
    return Response(json.dumps(document), status=status, content_type="application/json")


def _jwt(number: int) -> str:
    payload = base64.urlsafe_b64encode(json.dumps({"exp": _LATER, "jti": str(number)}).encode()).decode().rstrip("=")
    return f"e30.{payload}.sig"
