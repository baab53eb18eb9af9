"""Entra ID, Microsoft Graph and Resource Manager on this machine: OpenID metadata, keys that rotate, tokens, people and groups, AKS.

Speaks HTTP as the services do, as far as we ask them, and remembers what it was asked.
"""

from __future__ import annotations

import base64
import functools
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import NAMESPACE_URL, uuid5

import jwt
from azure.core.credentials import AccessToken
from cryptography.hazmat.primitives.asymmetric import rsa

from shared.inbound.entra import Entra

GRAPH_TOKEN = "token-for-graph"


def object_id(name: str) -> str:
    """An id as the directory gives them, always the same for a name."""
    return str(uuid5(NAMESPACE_URL, name))


TENANT, CLIENT = object_id("tenant"), object_id("slipway")
AUDIENCE = f"api://{CLIENT}"


@functools.cache
def signing_key(number: int) -> rsa.RSAPrivateKey:
    """The n-th key; making one takes long."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_jwk(kid: str, key: rsa.RSAPrivateKey, **more: object) -> dict[str, object]:
    """A key as it is published."""
    numbers = key.public_key().public_numbers()

    def text(number: int) -> str:
        return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8)).rstrip(b"=").decode()

    return {"kty": "RSA", "use": "sig", "kid": kid, "n": text(numbers.n), "e": text(numbers.e), **more}


@dataclass(frozen=True, kw_only=True)
class Human:
    """Somebody of the directory."""

    name: str
    mail: str
    groups: tuple[str, ...] = ()
    more: tuple[tuple[str, object], ...] = ()
    given: str = ""

    @property
    def id(self) -> str:
        """The object id."""
        return self.given or object_id(self.name)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A request: its path without the query, what it carried, and what it asked for."""

    method: str
    path: str
    bearer: str
    body: Any


@dataclass(kw_only=True)
class EntraStandIn:
    """What the stand-in knows; tests change it while it runs. `failing` answers paths that end so with a status.

    `knows` says of a bearer token whether Graph and Resource Manager take it; `pages` are links to a next page, one for each
    that is read. `clusters` are the user's kubeconfigs of AKS clusters by the resource id, in small letters.
    """

    url: str
    people: list[Human] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=lambda: {"key-1": 1})
    failing: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    knows: Callable[[str], object] = GRAPH_TOKEN.__eq__
    metadata: dict[str, str] = field(default_factory=dict)
    extra_keys: list[dict[str, object]] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    clusters: dict[str, bytes] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)

    @property
    def entra(self) -> Entra:
        """The settings that lead here."""
        return Entra(tenant=TENANT, audiences=(AUDIENCE, CLIENT), authority=self.url, graph=self.url)

    def variables(self) -> dict[str, str]:
        """The same as variables of the environment."""
        return {
            "SLIPWAY_ENTRA_TENANT": TENANT,
            "SLIPWAY_ENTRA_AUDIENCES": f"{AUDIENCE},{CLIENT}",
            "SLIPWAY_ENTRA_AUTHORITY": self.url,
            "SLIPWAY_GRAPH": self.url,
        }

    def asked(self, ending: str) -> list[Seen]:
        """Requests whose path ends so."""
        return [one for one in self.seen if one.path.endswith(ending)]

    def rotate(self, *kids: str) -> None:
        """Publish these keys and no others."""
        self.keys = {kid: int(kid.removeprefix("key-")) for kid in kids}

    def claims(self, who: Human | None = None, *roles: str, **changes: object) -> dict[str, object]:
        """What an access token of a person says, of today's form; None takes a claim out."""
        now = int(time.time())
        human = who or Human(name="Rita Manager", mail="release-manager@example.com")
        said: dict[str, object] = {
            "aud": CLIENT,
            "iss": f"{self.url}/{TENANT}/v2.0",
            "tid": TENANT,
            "ver": "2.0",
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "oid": human.id,
            "sub": f"pairwise-{human.id}",
            "name": human.name,
            "preferred_username": human.mail,
            "scp": "user_impersonation",
            **({"roles": list(roles)} if roles else {}),
            **({"groups": list(human.groups)} if human.groups else {}),
            **changes,
        }
        return {name: value for name, value in said.items() if value is not None}

    def token(self, who: Human | None = None, *roles: str, kid: str = "key-1", **changes: Any) -> str:
        """A signed access token of a person."""
        key = signing_key(int(kid.removeprefix("key-")))
        return jwt.encode(self.claims(who, *roles, **changes), key, algorithm="RS256", headers={"kid": kid})

    def program_token(self, name: str, *roles: str, **changes: object) -> str:
        """A signed token of a service principal: no name, no scopes."""
        nothing = {"name": None, "preferred_username": None, "scp": None}
        said: dict[str, Any] = {**nothing, "oid": object_id(name), "sub": object_id(name), "idtyp": "app", **changes}
        return self.token(None, *roles, **said)

    def credential(self) -> EntraStandIn:
        """What gets tokens for Graph."""
        return self

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """Be the credential that gets tokens for Graph (TokenCredential)."""
        assert scopes == (f"{self.url}/.default",)
        return AccessToken(GRAPH_TOKEN, int(time.time()) + 3600)

    def answer(self, seen: Seen, query: Mapping[str, list[str]]) -> tuple[int, object]:
        """What is answered to a request."""
        if seen.path.endswith("/.well-known/openid-configuration"):
            issuer = f"{self.url}/{TENANT}/v2.0"
            return 200, {"issuer": issuer, "jwks_uri": f"{self.url}/{TENANT}/discovery/v2.0/keys", **self.metadata}
        if seen.path.endswith("/discovery/v2.0/keys"):
            published = [public_jwk(kid, signing_key(number)) for kid, number in self.keys.items()]
            return 200, {"keys": [*self.extra_keys, *published]}
        if not self.knows(seen.bearer):
            return 401, {"error": {"code": "InvalidAuthenticationToken", "message": "Access token is empty."}}
        if "/providers/" in seen.path:
            return self._resource(seen, query)
        if self.pages:
            return 200, {"value": [], "@odata.nextLink": self.pages.pop(0)}
        return self._graph(seen, query)

    def _resource(self, seen: Seen, query: Mapping[str, list[str]]) -> tuple[int, object]:
        """https://learn.microsoft.com/rest/api/aks/managed-clusters/list-cluster-user-credentials."""
        if not re.fullmatch(r"20\d\d-\d\d-\d\d", query.get("api-version", [""])[0]):
            return 400, {"error": {"code": "MissingApiVersionParameter", "message": "The api-version is required."}}
        resource, _, action = seen.path.rpartition("/")
        if (seen.method, action) != ("POST", "listClusterUserCredential"):
            return 403, {"error": {"code": "AuthorizationFailed", "message": f"does not have authorization: {action}"}}
        found = self.clusters.get(resource.lower())
        if found is None:
            return 404, {"error": {"code": "ResourceNotFound", "message": "was not found"}}
        return 200, {"kubeconfigs": [{"name": "clusterUser", "value": base64.b64encode(found).decode()}]}

    def _graph(self, seen: Seen, query: Mapping[str, list[str]]) -> tuple[int, object]:
        if seen.path == "/v1.0/users":
            wanted = _literal(query, r"userPrincipalName eq '(TEXT)' or mail eq '\1'")
            return 200, {"value": [{"id": one.id} for one in self.people if one.mail.lower() == wanted]}
        if seen.path == "/v1.0/groups":
            wanted = _literal(query, r"displayName eq '(TEXT)'")
            return 200, {"value": [{"id": id_} for id_, name in self.groups.items() if name.lower() == wanted]}
        match = re.fullmatch(r"/v1\.0/users/([-0-9a-f]+)(/checkMemberGroups)?", seen.path)
        human = next((one for one in self.people if match and one.id == match[1]), None)
        if human is None:
            return 404, {"error": {"code": "Request_ResourceNotFound", "message": "does not exist"}}
        if seen.method == "GET":
            about = {"mail": human.mail, "userPrincipalName": human.mail, **dict(human.more)}
            return 200, {name: about[name] for name in query["$select"][0].split(",") if name in about}
        if len(seen.body["groupIds"]) > 20:
            return 400, {"error": {"code": "Request_BadRequest", "message": "Too many ids."}}
        return 200, {"value": [one for one in seen.body["groupIds"] if one in human.groups]}


def _literal(query: Mapping[str, list[str]], pattern: str) -> str:
    """The text that is asked for: a quote in it is written twice, and one alone would end it."""
    match = re.fullmatch(pattern.replace("TEXT", "(?:[^']|'')*"), query["$filter"][0])
    assert match is not None, f"Graph would not read {query}, or read something else"
    assert query["$select"] == ["id"]
    return match[1].replace("''", "'").lower()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    stand_in: EntraStandIn


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Remember, and answer."""
        assert isinstance(self.server, _Server)
        stand_in = self.server.stand_in
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = urlsplit(self.path)
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        seen = Seen(method=self.command, path=parts.path, bearer=bearer, body=json.loads(body) if body else None)
        stand_in.seen.append(seen)
        for ending, (status, headers) in stand_in.failing.items():
            if parts.path.endswith(ending):
                self._send(status, {"error": {"code": "Failing"}}, headers)
                return
        self._send(*stand_in.answer(seen, parse_qs(parts.query)))

    do_POST = do_GET

    def _send(self, status: int, content: object, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def entra_stand_in() -> Iterator[EntraStandIn]:
    """Listen on loopback until the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.stand_in = EntraStandIn(url=f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
