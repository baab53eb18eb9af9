"""Images of one layer and packaged charts, pushed by digest alone; the same input gives the same digest."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import IO, cast

from shared.adapters.oci_registry.chart import ChartMetadata
from shared.adapters.oci_registry.connection import Connection
from shared.adapters.oci_registry.manifest import (
    HELM_LAYER,
    OCI_CONFIG,
    OCI_LAYER,
    OCI_MANIFEST,
    RawManifest,
    canonical,
    digest_of,
)
from shared.domain.values.names import Digest
from shared.ports.errors import Permanent
from shared.ports.registry import HELM_CONFIG


def push_image(connection: Connection, repository: str, layer: Path, config: Mapping[str, object]) -> Digest:
    """Push layer and configuration where they lack, then the manifest."""
    rootfs = {"type": "layers", "diff_ids": [str(_unpacked_digest(layer))]}
    configuration = canonical({"architecture": "amd64", "os": "linux", **config, "rootfs": rootfs})
    return _push(connection, repository, (OCI_CONFIG, configuration), (OCI_LAYER, layer))


def push_chart(connection: Connection, repository: str, package: Path, chart: ChartMetadata) -> Digest:
    """Push package and metadata where they lack, then the manifest, without Helm's note of the time."""
    return _push(connection, repository, (HELM_CONFIG, chart.configuration), (HELM_LAYER, package))


def _push(connection: Connection, repository: str, config: tuple[str, bytes], layer: tuple[str, Path]) -> Digest:
    (config_type, configuration), (layer_type, file) = config, layer
    packed = _digest(file.open("rb"))
    content = canonical(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {
                "mediaType": config_type,
                "digest": str(digest_of(configuration)),
                "size": len(configuration),
            },
            "layers": [{"mediaType": layer_type, "digest": str(packed), "size": file.stat().st_size}],
        }
    )
    manifest = RawManifest(digest=digest_of(content), media_type=OCI_MANIFEST, content=content)
    if connection.digest_of(repository, str(manifest.digest)) is not None:
        return manifest.digest
    with file.open("rb") as stream:
        _upload(connection, repository, packed, stream)
    _upload(connection, repository, digest_of(configuration), BytesIO(configuration))
    connection.put_manifest(repository, str(manifest.digest), manifest)
    return manifest.digest


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
