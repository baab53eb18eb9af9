"""Manifests as far as a registry must read them: what they need, and what they refer to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from infra.local.registry.errors import RegistryError
from infra.local.registry.names import checked_digest

MOST_BYTES = 4 << 20
_OCI_INDEX = "application/vnd.oci.image.index.v1+json"
_OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The exact bytes of a manifest with the digests in it."""

    content: bytes
    media_type: str
    blobs: tuple[str, ...]
    children: tuple[str, ...]
    subject: str | None
    artifact_type: str
    annotations: Mapping[str, str]

    @property
    def digest(self) -> str:
        """The content address of exactly these bytes."""
        return f"sha256:{hashlib.sha256(self.content).hexdigest()}"

    def descriptor(self) -> dict[str, object]:
        """How the referrers API lists it."""
        found: dict[str, object] = {
            "mediaType": self.media_type,
            "digest": self.digest,
            "size": len(self.content),
        }
        if self.artifact_type:
            found["artifactType"] = self.artifact_type
        if self.annotations:
            found["annotations"] = dict(self.annotations)
        return found


def parse_manifest(content: bytes, content_type: str | None) -> Manifest:
    """Read a manifest; raise RegistryError where it is too large, no JSON, of no known shape, or of two types."""
    if len(content) > MOST_BYTES:
        raise RegistryError(413, "SIZE_INVALID", f"a manifest may have {MOST_BYTES} bytes")
    try:
        document = json.loads(content)
    except ValueError as problem:
        raise _invalid(f"it is not JSON: {problem}") from None
    if not isinstance(document, dict):
        raise _invalid("it is not an object")
    stated = document.get("mediaType")
    if stated and content_type and stated != content_type:
        raise _invalid(f"it was sent as {content_type} and says {stated}")
    annotations, config = _object(document, "annotations"), _object(document, "config")
    return Manifest(
        content=content,
        media_type=content_type or stated or (_OCI_INDEX if "manifests" in document else _OCI_MANIFEST),
        blobs=tuple(_digests(document, "blobs", "layers", "config")),
        children=tuple(_digests(document, "manifests")),
        subject=next(_digests(document, "subject"), None),
        artifact_type=str(document.get("artifactType") or config.get("mediaType") or ""),
        annotations={str(key): str(value) for key, value in annotations.items()},
    )


def _object(document: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = document.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _invalid(f"{key} is not an object")
    return value


def _digests(document: Mapping[str, object], *keys: str) -> Iterator[str]:
    for key in keys:
        value = document.get(key) or []
        descriptors = value if isinstance(value, list) else [value]
        for descriptor in descriptors:
            if not isinstance(descriptor, dict) or not isinstance(descriptor.get("digest"), str):
                raise _invalid(f"{key} holds something that is no descriptor")
            # A layer with URLs is fetched from there and need not be here.
            if not descriptor.get("urls"):
                yield checked_digest(descriptor["digest"])


def _invalid(problem: str) -> RegistryError:
    return RegistryError(400, "MANIFEST_INVALID", f"the manifest cannot be taken: {problem}")
