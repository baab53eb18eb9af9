"""Azure's endpoint for managed identities, as an app of App Service or Functions sees it, with records of who asked for what.

https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from werkzeug.wrappers import Request, Response

from infra.local.registry.server import RunningServer

DAY = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a token: by which app, as which identity, for what."""

    app: str
    client_id: str
    resource: str


class IdentityEndpoint:
    """Gives tokens to the apps that identities are assigned to; each app proves itself by a secret header.

    `lifetime` is how many seconds a token lives, `failing` what is answered instead of the next tokens.
    """

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self.lifetime = DAY
        self.failing: list[int] = []
        self._assigned: dict[str, frozenset[str]] = {}
        self._holders: dict[str, tuple[str, str]] = {}
        self._numbers = itertools.count(1)

    def assign(self, app: str, *client_ids: str) -> Mapping[str, str]:
        """Give an app its identities, and return the environment variables that the platform gives it."""
        self._assigned[app] = frozenset(client_ids)
        return {"IDENTITY_ENDPOINT": self.url, "IDENTITY_HEADER": _secret(app)}

    def holder(self, token: str, resource: str) -> str | None:
        """Say whose token that is; None where it is none of ours, or for another resource."""
        client_id, audience = self._holders.get(token, ("", ""))
        return client_id if audience == resource else None

    def apps(self, client_id: str) -> set[str]:
        """The apps that have asked for an identity."""
        return {one.app for one in self.asked if one.client_id == client_id}

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        secret = request.headers.get("X-IDENTITY-HEADER")
        app = next((name for name in self._assigned if _secret(name) == secret), None)
        if app is None or request.args.get("api-version") != "2019-08-01":
            return _json(400, {"statusCode": 400, "message": "Bad request"})
        asked = Asked(app, request.args.get("client_id", ""), request.args.get("resource", ""))
        self.asked.append(asked)
        if self.failing:
            return _json(self.failing.pop(0), {"statusCode": 500, "message": "It cannot be had now"})
        if asked.client_id not in self._assigned[app]:
            message = (
                "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
            )
            return _json(400, {"statusCode": 400, "message": message})
        token = f"token-{next(self._numbers)}-of-{asked.client_id}"
        self._holders[token] = (asked.client_id, asked.resource)
        return _json(
            200,
            {
                "access_token": token,
                "client_id": asked.client_id,
                "expires_on": str(int(time.time()) + self.lifetime),
                "resource": asked.resource,
                "token_type": "Bearer",
            },
        )


@contextmanager
def identity_endpoint() -> Iterator[IdentityEndpoint]:
    """Serve one on this machine."""
    endpoint = IdentityEndpoint()
    server = RunningServer(lambda environ, start: endpoint.answer(Request(environ))(environ, start))
    endpoint.url = f"http://127.0.0.1:{server.port}/msi/token"
    try:
        yield endpoint
    finally:
        server.stop()


def _secret(app: str) -> str:
    return f"header-of-{app}"


def _json(status: int, document: Mapping[str, object]) -> Response:
    return Response(json.dumps(document), status=status, content_type="application/json")
