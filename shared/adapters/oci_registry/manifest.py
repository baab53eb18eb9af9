"""Manifests as they are sent: exact bytes, and what is read out of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from shared.domain.values.errors import InvalidValue
from shared.domain.values.names import Digest
from shared.ports.errors import Permanent

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
HELM_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
IMAGE_CONFIGS = frozenset({OCI_CONFIG, "application/vnd.docker.container.image.v1+json"})
_CHILDREN = ("manifests",)
ACCEPTED = ", ".join((OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_INDEX, "*/*"))


def digest_of(content: bytes) -> Digest:
    """The content address of exactly these bytes."""
    return Digest(f"sha256:{sha256(content).hexdigest()}")


def canonical(document: Mapping[str, object]) -> bytes:
    """Write JSON so that the same document has the same digest."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """What a manifest refers to. `platform` like `linux/amd64`; `elsewhere` where it may be fetched by URL instead."""

    digest: Digest
    media_type: str
    size: int
    platform: str
    elsewhere: bool
    is_manifest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RawManifest:
    """A manifest; `content` is never encoded again, because its digest would change."""

    digest: Digest
    media_type: str
    content: bytes

    def children(self) -> tuple[Descriptor, ...]:
        """Manifests that an index is made of."""
        return self._descriptors(*_CHILDREN)

    def config(self) -> Descriptor | None:
        """The configuration, which an index does not have."""
        return next(iter(self._descriptors("config")), None)

    def blobs(self) -> tuple[Descriptor, ...]:
        """Everything that is no manifest. What may be fetched elsewhere need not lie in the registry."""
        return self._descriptors("config", "layers", "blobs")

    def _descriptors(self, *keys: str) -> tuple[Descriptor, ...]:
        document = json_object(self.content, f"manifest {self.digest}")
        if document.get("schemaVersion") == 1:
            # Its layers stand under another name; it would be copied without them.
            raise Permanent(f"manifest {self.digest} is of Docker's first format, which is retired; push it anew")
        found = (document.get(key) or [] for key in keys)
        try:
            return tuple(
                _descriptor(item, keys == _CHILDREN)
                for value in found
                for item in (value if isinstance(value, list) else [value])
            )
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError, InvalidValue) as problem:
            raise Permanent(f"manifest {self.digest} cannot be read: {problem!r:.300}") from problem


def is_manifest(content: bytes) -> bool:
    """Whether these bytes are a manifest of some kind, and not a page of whatever stands before a registry."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and ("schemaVersion" in document or "mediaType" in document)


def json_object(content: bytes, what: str) -> dict[str, Any]:
    """Read a JSON object; raise Permanent where it is none."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as problem:
        begins = content[:80].decode("utf-8", "replace")
        raise Permanent(f"{what} is not JSON: {problem}; it begins with {begins!r}") from problem
    if not isinstance(document, dict):
        raise Permanent(f"{what} is not a JSON object")
    return document


def _descriptor(item: Any, is_manifest: bool) -> Descriptor:
    platform = item.get("platform") or {}
    parts = (platform.get("os"), platform.get("architecture"), platform.get("variant"))
    return Descriptor(
        digest=Digest(item["digest"]),
        media_type=str(item.get("mediaType", "")),
        size=int(item["size"]),
        platform="/".join(str(part) for part in parts if part),
        elsewhere=bool(item.get("urls")),
        is_manifest=is_manifest,
    )
