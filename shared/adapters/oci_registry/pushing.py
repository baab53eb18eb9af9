"""Images of one layer, made from a packed folder; the same input gives the same digest."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import IO, cast

from shared.adapters.oci_registry.connection import Connection
from shared.adapters.oci_registry.copying import confirm, holds
from shared.adapters.oci_registry.manifest import (
    OCI_CONFIG,
    OCI_LAYER,
    OCI_MANIFEST,
    RawManifest,
    canonical,
    digest_of,
)
from shared.domain.names import Digest
from shared.ports.errors import Permanent


def push_image(connection: Connection, repository: str, tag: str, layer: Path, config: Mapping[str, object]) -> Digest:
    """Push layer and configuration where they lack, then let the tag name the image."""
    packed = _digest(layer.open("rb"))
    rootfs = {"type": "layers", "diff_ids": [str(_unpacked_digest(layer))]}
    configuration = canonical({"architecture": "amd64", "os": "linux", **config, "rootfs": rootfs})
    manifest = _manifest(configuration, packed, layer.stat().st_size)
    if holds(connection, repository, tag, manifest.digest):
        return manifest.digest
    with layer.open("rb") as content:
        _upload(connection, repository, packed, content)
    _upload(connection, repository, digest_of(configuration), BytesIO(configuration))
    connection.put_manifest(repository, tag, manifest)
    confirm(connection, repository, tag, manifest.digest)
    return manifest.digest


def _manifest(configuration: bytes, layer: Digest, layer_size: int) -> RawManifest:
    content = canonical(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {
                "mediaType": OCI_CONFIG,
                "digest": str(digest_of(configuration)),
                "size": len(configuration),
            },
            "layers": [{"mediaType": OCI_LAYER, "digest": str(layer), "size": layer_size}],
        }
    )
    return RawManifest(digest=digest_of(content), media_type=OCI_MANIFEST, content=content)


def _upload(connection: Connection, repository: str, digest: Digest, content: IO[bytes]) -> None:
    if not connection.has_blob(repository, digest):
        connection.upload(repository, content)


def _digest(content: IO[bytes]) -> Digest:
    with content:
        hasher = hashlib.sha256()
        while piece := content.read(1 << 20):
            hasher.update(piece)
    return Digest(f"sha256:{hasher.hexdigest()}")


def _unpacked_digest(layer: Path) -> Digest:
    try:
        return _digest(cast(IO[bytes], gzip.open(layer, "rb")))
    except (gzip.BadGzipFile, EOFError, zlib.error) as problem:
        raise Permanent(f"layer {layer.name} is not a whole gzip file: {problem}") from problem
