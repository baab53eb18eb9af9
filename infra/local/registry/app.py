"""The registry as a WSGI application: which request goes where, and how refusals read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from infra.local.registry.blob_routes import BlobRoutes
from infra.local.registry.blobs import Blobs
from infra.local.registry.errors import RegistryError
from infra.local.registry.manifest_routes import ManifestRoutes
from infra.local.registry.names import checked_repository
from infra.local.registry.notifications import Notifier
from infra.local.registry.repositories import Repositories
from infra.local.registry.server import WSGIApp

_HOSTS = ("127.0.0.1", "localhost", "[::1]")

Handler: TypeAlias = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class RegistryRoute:
    """A shape of path below /v2/ and what answers each method there, called with (request, repository, rest)."""

    path: re.Pattern[str]
    methods: dict[str, Handler]


def create_registry(root: Path, notify: Notifier | None = None) -> WSGIApp:
    """Make a registry that keeps everything below `root` and tells of each pushed manifest.

    One process may use a root at a time: what an earlier one left half done there is removed.
    """
    blobs = Blobs(root)
    repositories = Repositories(root, blobs)
    routes = _routes(BlobRoutes(blobs, repositories), ManifestRoutes(repositories, notify))

    @Request.application
    def registry(request: Request) -> Response:
        try:
            _check_host(request)
            response = _answer(routes, request)
        except RegistryError as refusal:
            response = _refusal(refusal)
        except HTTPException as problem:
            response = _refusal(RegistryError(problem.code or 500, "UNSUPPORTED", problem.description or problem.name))
        response.headers["Docker-Distribution-Api-Version"] = "registry/2.0"
        return response

    return registry


def _routes(blobs: BlobRoutes, manifests: ManifestRoutes) -> tuple[RegistryRoute, ...]:
    # The first that fits wins; a repository may itself be called "uploads" or "tags".
    return (
        RegistryRoute(re.compile(r"/v2/(.+)/blobs/uploads/?"), {"POST": blobs.start}),
        RegistryRoute(
            re.compile(r"/v2/(.+)/blobs/uploads/([^/]+)"),
            {"PATCH": blobs.append, "PUT": blobs.finish, "GET": blobs.progress, "DELETE": blobs.cancel},
        ),
        RegistryRoute(re.compile(r"/v2/(.+)/blobs/([^/]+)"), {"GET": blobs.read, "HEAD": blobs.read}),
        RegistryRoute(
            re.compile(r"/v2/(.+)/manifests/([^/]+)"),
            {
                "GET": manifests.read,
                "HEAD": manifests.read,
                "PUT": manifests.write,
                "DELETE": manifests.delete,
            },
        ),
        RegistryRoute(re.compile(r"/v2/(.+)/tags/list"), {"GET": manifests.tags}),
        RegistryRoute(re.compile(r"/v2/(.+)/referrers/([^/]+)"), {"GET": manifests.referrers}),
    )


def _check_host(request: Request) -> None:
    name = re.sub(r":[0-9]*\Z", "", request.headers.get("Host", ""))
    if name.lower() not in _HOSTS:
        # A foreign name that resolves to 127.0.0.1 would let a foreign page read and write images (DNS rebinding).
        raise RegistryError(421, "DENIED", f"this registry answers to {', '.join(_HOSTS)} only")


def _answer(routes: tuple[RegistryRoute, ...], request: Request) -> Response:
    if request.path in ("/v2", "/v2/"):
        return Response("{}", content_type="application/json")
    for route in routes:
        match = route.path.fullmatch(request.path)
        if match is None:
            continue
        handler = route.methods.get(request.method)
        if handler is None:
            raise RegistryError(405, "UNSUPPORTED", f"{request.method} is not done here")
        repository, *rest = match.groups()
        return handler(request, checked_repository(repository), *rest)
    raise RegistryError(404, "NAME_UNKNOWN", f"there is nothing at {request.path[:300]}")


def _refusal(refusal: RegistryError) -> Response:
    error = {"code": refusal.code, "message": refusal.message, "detail": refusal.detail}
    return Response(json.dumps({"errors": [error]}), status=refusal.status, content_type="application/json")
