"""What an image or a chart says of itself."""

from __future__ import annotations

from collections.abc import Mapping

from shared.adapters.oci_registry.connection import Connection
from shared.adapters.oci_registry.manifest import IMAGE_CONFIGS, RawManifest, json_object
from shared.domain.names import Digest
from shared.ports.registry import ImageDescription


def describe(connection: Connection, repository: str, digest: Digest) -> ImageDescription:
    """Read the manifest, or of an index the first that runs on something, and its configuration."""
    top = connection.manifest(repository, str(digest))
    # Builders list attestations beside the images, as a platform "unknown/unknown".
    images = [child for child in top.children() if not child.platform.startswith("unknown")]
    manifest = connection.manifest(repository, str(images[0].digest)) if images else top
    config = manifest.config()
    settings = _settings(connection, repository, manifest)
    labels = settings.get("Labels")
    return ImageDescription(
        digest=digest,
        media_type=top.media_type,
        config_media_type=config.media_type if config else "",
        size=sum(blob.size for blob in manifest.blobs()),
        labels={str(key): str(value) for key, value in labels.items()} if isinstance(labels, dict) else {},
        user=str(settings.get("User") or ""),
        platforms=tuple(child.platform for child in images),
    )


def _settings(connection: Connection, repository: str, manifest: RawManifest) -> Mapping[str, object]:
    config = manifest.config()
    if config is None or config.media_type not in IMAGE_CONFIGS:
        return {}
    document = json_object(connection.small_blob(repository, config.digest), f"configuration {config.digest}")
    settings = document.get("config")
    return settings if isinstance(settings, dict) else {}
