"""Blobs over HTTP: read (whole or a range), upload in one piece or in many, mount from another repository."""

from __future__ import annotations

import re
from typing import BinaryIO, cast

from werkzeug.utils import send_file
from werkzeug.wrappers import Request, Response

from infra.local.registry.blobs import Blobs
from infra.local.registry.errors import RegistryError
from infra.local.registry.names import checked_digest, checked_repository, checked_session
from infra.local.registry.repositories import Repositories

_CONTENT_RANGE = re.compile(r"(?:bytes )?(\d+)-(\d+)(?:/.*)?")


class BlobRoutes:
    """Bodies go to the disk and come from it in pieces, however large they are."""

    def __init__(self, blobs: Blobs, repositories: Repositories) -> None:
        self._blobs, self._repositories = blobs, repositories

    def read(self, request: Request, repository: str, digest: str) -> Response:
        """Send a blob, or the range asked for."""
        path = self._repositories.blob(repository, checked_digest(digest))
        response = send_file(
            path,
            request.environ,
            mimetype="application/octet-stream",
            conditional=True,
            etag=digest,
            last_modified=None,
        )
        response.headers["Docker-Content-Digest"] = digest
        return response

    def start(self, request: Request, repository: str) -> Response:
        """Begin an upload; with `mount` share another repository's blob instead, with `digest` take it whole."""
        mount, source = request.args.get("mount"), request.args.get("from")
        # Without a source repository, or where it lacks the blob, the client uploads as if it had not asked.
        if mount and source and self._repositories.has_blob(checked_repository(source), checked_digest(mount)):
            self._repositories.link_blob(repository, mount)
            return _created(repository, mount)
        session = self._blobs.start(repository)
        if "digest" in request.args:
            return self.finish(request, repository, session)
        return _accepted(repository, session, 0)

    def append(self, request: Request, repository: str, session: str) -> Response:
        """Take the next piece."""
        checked_session(session)
        received = self._blobs.append(repository, session, _body(request), at=_begin(request))
        return _accepted(repository, session, received)

    def finish(self, request: Request, repository: str, session: str) -> Response:
        """Take the last piece, if any, and make the whole a blob if its digest is right."""
        digest = checked_digest(request.args.get("digest", ""))
        self._blobs.append(repository, checked_session(session), _body(request), at=_begin(request))
        self._blobs.finish(repository, session, digest)
        self._repositories.link_blob(repository, digest)
        return _created(repository, digest)

    def progress(self, request: Request, repository: str, session: str) -> Response:  # noqa: ARG002 routes share a shape
        """Say how far an upload came."""
        received = self._blobs.received(repository, checked_session(session))
        response = _accepted(repository, session, received)
        response.status_code = 204
        return response

    def cancel(self, request: Request, repository: str, session: str) -> Response:  # noqa: ARG002
        """Forget an upload."""
        self._blobs.received(repository, checked_session(session))
        self._blobs.cancel(repository, session)
        return Response(status=204)


def _body(request: Request) -> BinaryIO:
    return cast(BinaryIO, request.stream)


def _begin(request: Request) -> int | None:
    stated = request.headers.get("Content-Range")
    if stated is None:
        return None
    match = _CONTENT_RANGE.fullmatch(stated.strip())
    if match is None:
        raise RegistryError(416, "BLOB_UPLOAD_INVALID", f"Content-Range {stated[:100]!r} is not <first>-<last>")
    return int(match[1])


def _created(repository: str, digest: str) -> Response:
    # Relative, so that it is right under whatever name the client reached us.
    headers = {"Location": f"/v2/{repository}/blobs/{digest}", "Docker-Content-Digest": digest}
    return _located(201, headers)


def _accepted(repository: str, session: str, received: int) -> Response:
    headers = {
        "Location": f"/v2/{repository}/blobs/uploads/{session}",
        "Docker-Upload-UUID": session,
        "Range": f"0-{max(received - 1, 0)}",
    }
    return _located(202, headers)


def _located(status: int, headers: dict[str, str]) -> Response:
    response = Response(status=status, headers=headers)
    response.autocorrect_location_header = False
    return response
