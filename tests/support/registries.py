"""Registries for tests: the embedded one and CNCF distribution, and images to put into them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from werkzeug.wrappers import Request, Response

from infra.local.registry import Notifier, create_registry
from infra.local.registry.server import RunningServer
from shared.adapters.oci_registry import OciRegistry
from shared.adapters.oci_registry.connection import Connection
from shared.adapters.oci_registry.manifest import (
    OCI_CONFIG,
    OCI_INDEX,
    OCI_MANIFEST,
    RawManifest,
    canonical,
    digest_of,
)
from shared.domain.values.names import Digest
from tests.support.cncf_registry import cncf_registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request as the embedded registry saw it, with the bytes of both bodies."""

    method: str
    path: str
    query: str
    status: int
    received: int
    sent: int


@dataclass
class RequestLog:
    """WSGI middleware that counts what goes over the wire."""

    exchanges: list[Exchange] = field(default_factory=list)

    def around(self, app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        """Wrap an application."""

        def counted(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
            status, sent = 0, 0

            def start(line: str, headers: Any, exc_info: Any = None) -> Any:
                nonlocal status
                status = int(line[:3])
                return start_response(line, headers, exc_info)

            answer = app(environ, start)
            try:
                for data in answer:
                    sent += len(data)
                    yield data
            finally:
                close = getattr(answer, "close", None)
                if close:
                    close()
                self.exchanges.append(
                    Exchange(
                        method=environ["REQUEST_METHOD"],
                        path=environ["PATH_INFO"],
                        query=environ["QUERY_STRING"],
                        status=status,
                        received=int(environ.get("CONTENT_LENGTH") or 0),
                        sent=sent,
                    )
                )

        return counted

    def blobs_sent(self) -> list[Exchange]:
        """Downloads of blobs."""
        return [one for one in self.exchanges if one.method == "GET" and re.search("/blobs/sha256:", one.path)]


def answer_of(app: Callable[..., Iterable[bytes]], environ: dict[str, Any], start: Any) -> list[bytes]:
    """Let an application answer to the end, as a server does."""
    answer = app(environ, start)
    try:
        return list(answer)
    finally:
        close = getattr(answer, "close", None)
        if close:
            close()


@contextmanager
def embedded_registry(
    root: Path | None = None,
    *,
    notifier: Notifier | None = None,
    wrap: Callable[[Callable[..., Iterable[bytes]]], Callable[..., Iterable[bytes]]] | None = None,
) -> Iterator[str]:
    """Serve the embedded registry and give its host and port; `wrap` puts middleware around it."""
    with ExitStack() as stack:
        folder = root or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        app = create_registry(folder, notifier)
        server = RunningServer(wrap(app) if wrap else app)
        stack.callback(server.stop)
        yield f"127.0.0.1:{server.port}"


@contextmanager
def answering(status: int, body: str = "", **headers: str) -> Iterator[str]:
    """A registry that gives one answer to everything; header names with underscores for hyphens."""

    @Request.application
    def app(request: Request) -> Response:
        return Response(body, status=status, headers={name.replace("_", "-"): text for name, text in headers.items()})

    server = RunningServer(app)
    try:
        yield f"127.0.0.1:{server.port}"
    finally:
        server.stop()


@contextmanager
def distribution_registry() -> Iterator[str]:
    """Serve CNCF distribution, in memory, and give its host and port; the test is marked real("docker-registry")."""
    with tempfile.TemporaryDirectory() as folder, cncf_registry(Path(folder)) as host:
        yield host


def a_layer(folder: Path, content: bytes = b"hello\n", name: str = "layer.tar.gz") -> Path:
    """Write a gzipped tar of one file, the same bytes each time."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        entry = tarfile.TarInfo("app/hello")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    path = folder / name
    path.write_bytes(gzip.compress(packed.getvalue(), mtime=0))
    return path


def push_image(host: str, repository: str, tag: str, folder: Path, *, content: bytes = b"hello\n") -> Digest:
    """Push a small image that runs as user 10001."""
    config = {"config": {"User": "10001", "Labels": {"team": "shipping"}}}
    return tagged(host, repository, tag, OciRegistry().push_image(host, repository, a_layer(folder, content), config))


def tagged(host: str, repository: str, tag: str, digest: Digest) -> Digest:
    """Let a tag name what was pushed."""
    OciRegistry().tag(host, repository, digest, tag)
    return digest


def push_index(
    host: str,
    repository: str,
    tag: str,
    folder: Path,
    architectures: Iterable[str] = ("amd64", "arm64"),
    configs: Mapping[str, Mapping[str, object]] | None = None,
) -> Digest:
    """Push an image with a manifest for each architecture, spaced so that encoding it again would change its digest.

    `configs` has other settings for some architectures than a user's number and a label.
    """
    registry, children = OciRegistry(), list[Mapping[str, object]]()
    for architecture in architectures:
        layer = a_layer(folder, architecture.encode() * 1000)
        settings = (configs or {}).get(architecture, {"User": "10001", "Labels": {"arch": architecture}})
        config = {"architecture": architecture, "config": settings}
        digest = registry.push_image(host, repository, layer, config)
        with Connection(host, None) as connection:
            size = len(connection.manifest(repository, str(digest)).content)
        platform = {"os": "linux", "architecture": architecture}
        children.append({"mediaType": OCI_MANIFEST, "digest": str(digest), "size": size, "platform": platform})
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children}
    return put(host, repository, tag, json.dumps(document, indent=3).encode(), OCI_INDEX)


def push_referrer(host: str, repository: str, subject: Digest, tag: str | None = None) -> Digest:
    """Push a signature that names the subject, under a tag if one is given."""
    empty = b"{}"
    with Connection(host, None) as connection:
        connection.upload(repository, io.BytesIO(empty))
    blob = {"mediaType": "application/vnd.oci.empty.v1+json", "digest": str(digest_of(empty)), "size": 2}
    document: dict[str, object] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": "application/vnd.example.signature",
        "config": blob,
        "layers": [blob],
        "subject": {"mediaType": OCI_MANIFEST, "digest": str(subject), "size": 1},
    }
    content = canonical(document)
    return put(host, repository, tag or str(digest_of(content)), content, OCI_MANIFEST)


def push_fallback(host: str, repository: str, subject: Digest, *referrers: Digest) -> Digest:
    """Push the index that clients keep of a subject's referrers where the registry keeps none, under its tag."""
    with Connection(host, None) as connection:
        found = [connection.manifest(repository, str(one)) for one in referrers]
    manifests = [{"mediaType": OCI_MANIFEST, "digest": str(one.digest), "size": len(one.content)} for one in found]
    content = canonical({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests})
    return put(host, repository, str(subject).replace(":", "-"), content, OCI_INDEX)


def push_manifest(host: str, repository: str, tag: str, configuration: bytes) -> Digest:
    """Push a manifest whose image configuration is these bytes, and that has no layers."""
    with Connection(host, None) as connection:
        connection.upload(repository, io.BytesIO(configuration))
    config = {"mediaType": OCI_CONFIG, "digest": str(digest_of(configuration)), "size": len(configuration)}
    document: dict[str, object] = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []}
    return put(host, repository, tag, canonical(document), OCI_MANIFEST)


def put(host: str, repository: str, reference: str, content: bytes, media_type: str) -> Digest:
    """Put a manifest's bytes as they are, over whatever the reference held."""
    digest = Digest(f"sha256:{hashlib.sha256(content).hexdigest()}")
    with Connection(host, None) as connection:
        connection.put_manifest(
            repository, reference, RawManifest(digest=digest, media_type=media_type, content=content)
        )
    return digest


def stored_gzip(content: bytes) -> bytes:
    """Pack without compressing, for a layer of a known weight."""
    return gzip.compress(content, compresslevel=0, mtime=0)
