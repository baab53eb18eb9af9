"""Signing in as Azure Container Registry has it: challenge, exchange for a refresh token, then for an access token."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from azure.core.credentials import AccessToken
from werkzeug.wrappers import Request, Response

from shared.adapters.oci_registry import OciRegistry
from tests.support import registries
from tests.support.registries import embedded_registry

App = Callable[..., Iterable[bytes]]


class Door:
    """Middleware that lets in only who did the exchange, and keeps the Entra tokens that it was shown."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def around(self, app: App) -> App:
        """Guard an application."""

        def guarded(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            request = Request(environ)
            if request.path == "/oauth2/exchange":
                self.shown.append(request.form["access_token"])
                return _json({"refresh_token": _jwt()})(environ, start)
            if request.path == "/oauth2/token":
                return _json({"access_token": "let-me-in"})(environ, start)
            if request.headers.get("Authorization") != "Bearer let-me-in":
                challenge = (
                    f'Bearer realm="{request.host_url}oauth2/token",service="{request.host}",scope="repository:*"'
                )
                return Response(status=401, headers={"WWW-Authenticate": challenge})(environ, start)
            return app(environ, start)

        return guarded


class Credential:
    """Gives a token with a number, so that it shows when a new one was asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """Give the next token."""
        self.asked += 1
        return AccessToken(f"entra-{self.asked}", 4102444800)


def test_every_run_signs_in_anew(tmp_path: Path) -> None:
    """A client that outlives its token would never get another; so no run depends on an earlier one's."""
    door, credential = Door(), Credential()
    registry = OciRegistry(lambda: credential)

    with embedded_registry(wrap=door.around) as host:
        digest = registry.push_image(host, "delivery", "v1.0.0", registries.a_layer(tmp_path), {})
        first = list(door.shown)
        report = registry.copy(host, "delivery", "prod/delivery", digest, "v1.0.0")

    assert report.copied
    assert first
    assert set(door.shown) - set(first)


def _json(document: dict[str, str]) -> Response:
    return Response(json.dumps(document), content_type="application/json")


def _jwt() -> str:
    payload = base64.urlsafe_b64encode(json.dumps({"exp": 4102444800}).encode()).decode().rstrip("=")
    return f"e30.{payload}.sig"
