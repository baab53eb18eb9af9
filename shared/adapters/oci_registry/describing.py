"""What an image or a chart says of itself."""

from __future__ import annotations

from collections.abc import Mapping

from shared.adapters.oci_registry.connection import Connection
from shared.adapters.oci_registry.manifest import IMAGE_CONFIGS, RawManifest, json_object
from shared.domain.values.names import Digest
from shared.ports.errors import Permanent
from shared.ports.registry import USER_LABEL, USER_UNKNOWN, ImageDescription

MOST_PLATFORMS = 20


def describe(connection: Connection, repository: str, digest: Digest) -> ImageDescription:
    """Read the manifest, or of an index each that runs on something, and their configurations."""
    top = connection.manifest(repository, str(digest))
    # Builders list attestations beside the images, as a platform "unknown/unknown".
    images = [child for child in top.children() if not child.platform.startswith("unknown")]
    if len(images) > MOST_PLATFORMS:
        problem = f"is for {len(images)} platforms, of which {MOST_PLATFORMS} are looked at; leave some out"
        raise Permanent(f"{repository}@{digest} {problem}")
    manifests = [connection.manifest(repository, str(child.digest)) for child in images] or [top]
    platforms = [child.platform for child in images] or [""]
    settings = [_settings(connection, repository, manifest) for manifest in manifests]
    config = manifests[0].config()
    users = [(platform, _user(said)) for platform, said in zip(platforms, settings, strict=True)]
    return ImageDescription(
        digest=digest,
        media_type=top.media_type,
        config_media_type=config.media_type if config else "",
        size=sum(blob.size for blob in manifests[0].blobs()),
        labels=_labels(settings[0]),
        names=tuple(dict.fromkeys([digest, *(name for one in manifests for name in _names(one))])),
        platforms=tuple(child.platform for child in images),
        users=tuple((platform, user) for platform, user in users if user is not None),
    )


def _names(manifest: RawManifest) -> tuple[Digest, ...]:
    config = manifest.config()
    return (manifest.digest, config.digest) if config else (manifest.digest,)


def _user(settings: Mapping[str, object]) -> str | None:
    user = str(settings.get("User") or "")
    return None if not user and _labels(settings).get(USER_LABEL) == USER_UNKNOWN else user


def _labels(settings: Mapping[str, object]) -> Mapping[str, str]:
    labels = settings.get("Labels")
    return {str(key): str(value) for key, value in labels.items()} if isinstance(labels, dict) else {}


def _settings(connection: Connection, repository: str, manifest: RawManifest) -> Mapping[str, object]:
    config = manifest.config()
    if config is None or config.media_type not in IMAGE_CONFIGS:
        return {}
    document = json_object(connection.small_blob(repository, config.digest), f"configuration {config.digest}")
    settings = document.get("config")
    return settings if isinstance(settings, dict) else {}
