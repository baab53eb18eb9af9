"""Manifests, tags and referrers over HTTP."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response

from infra.local.registry.errors import RegistryError
from infra.local.registry.manifests import MOST_BYTES, parse_manifest
from infra.local.registry.names import checked_digest, checked_reference, is_digest
from infra.local.registry.notifications import Notifier, PushedTag
from infra.local.registry.repositories import Repositories

_INDEX = "application/vnd.oci.image.index.v1+json"


class ManifestRoutes:
    """Manifests are kept and sent byte for byte, under the type that they came with."""

    def __init__(self, repositories: Repositories, notify: Notifier | None) -> None:
        self._repositories, self._notify = repositories, notify

    def read(self, request: Request, repository: str, reference: str) -> Response:
        """Send a manifest by tag or digest; of a HEAD only the headers go out."""
        digest, media_type, path = self._repositories.manifest(repository, checked_reference(reference))
        headers = {"Docker-Content-Digest": digest, "ETag": f'"{digest}"'}
        if request.method == "HEAD":
            headers["Content-Length"] = str(path.stat().st_size)
            return Response(headers=headers, content_type=media_type)
        return Response(path.read_bytes(), headers=headers, content_type=media_type)

    def write(self, request: Request, repository: str, reference: str) -> Response:
        """Keep a manifest whose parts are here, under its digest and, if that is the reference, a tag."""
        checked_reference(reference)
        manifest = parse_manifest(request.stream.read(MOST_BYTES + 1), request.content_type)
        tag = None if is_digest(reference) else reference
        if tag is None and manifest.digest != reference:
            raise RegistryError(
                400, "DIGEST_INVALID", f"the manifest has the digest {manifest.digest}, not {reference}"
            )
        digest = self._repositories.put_manifest(repository, manifest, tag)
        if self._notify:
            self._notify.pushed(_pushed(request, repository, tag, digest, manifest.media_type, len(manifest.content)))
        headers = {"Location": f"/v2/{repository}/manifests/{digest}", "Docker-Content-Digest": digest}
        if manifest.subject:
            headers["OCI-Subject"] = manifest.subject
        response = Response(status=201, headers=headers)
        response.autocorrect_location_header = False
        return response

    def delete(self, request: Request, repository: str, reference: str) -> Response:  # noqa: ARG002 routes share a shape
        """Remove a tag, or a manifest with all its tags."""
        self._repositories.delete_manifest(repository, checked_reference(reference))
        return Response(status=202)

    def tags(self, request: Request, repository: str) -> Response:
        """List tags, in pages where `n` is given."""
        tags = list(self._repositories.tags(repository))
        after, most = request.args.get("last", ""), request.args.get("n", type=int)
        left = [tag for tag in tags if tag > after]
        page = left if most is None else left[: max(most, 0)]
        response = Response(json.dumps({"name": repository, "tags": page}), content_type="application/json")
        if page and len(page) < len(left):
            query = urlencode({"n": most, "last": page[-1]})
            response.headers["Link"] = f'</v2/{repository}/tags/list?{query}>; rel="next"'
        return response

    def referrers(self, request: Request, repository: str, digest: str) -> Response:
        """List what names this digest as its subject: signatures, SBOMs."""
        found = self._repositories.referrers(repository, checked_digest(digest))
        wanted = request.args.get("artifactType")
        listed = [descriptor for descriptor in found if wanted in (None, descriptor.get("artifactType"))]
        body = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": listed}
        headers = {"OCI-Filters-Applied": "artifactType"} if wanted else {}
        return Response(json.dumps(body), headers=headers, content_type=_INDEX)


def _pushed(request: Request, repository: str, tag: str | None, digest: str, media_type: str, size: int) -> PushedTag:
    return PushedTag(
        repository=repository,
        tag=tag,
        digest=digest,
        media_type=media_type,
        size=size,
        url=f"{request.host_url}v2/{repository}/manifests/{digest}",
        host=request.host,
        method=request.method,
        address=request.remote_addr or "",
        user_agent=request.headers.get("User-Agent", ""),
    )
