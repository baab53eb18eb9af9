"""The immutable bundle that moves together, and where it lies."""

from __future__ import annotations

from shared.domain.names import Digest
from shared.domain.records import Record
from shared.domain.version import Version


class Artifact(Record):
    """Image digest, chart digest and commit of one version; the unprefixed repositories they were pushed to."""

    registry: str
    image_repository: str
    image_digest: Digest
    chart_repository: str
    chart_digest: Digest
    commit: str
    version: Version

    @property
    def id(self) -> str:
        """Names the artifact by content alone: the same bytes are the same artifact."""
        return f"{self.image_digest}+{self.chart_digest}"


# Docker Hub goes by several names.
_DOCKER_HUB = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})
DOCKER_HUB = "docker.io"


def registry_name(host: str) -> str:
    """Return the name that a registry is compared by: hosts differ by case, and Docker Hub has several."""
    name = host.casefold()
    return DOCKER_HUB if name in _DOCKER_HUB else name


def in_namespace(repository: str, namespace: str | None) -> str:
    """Return the repository as an environment with its own registry namespace reads it: `prod/delivery`."""
    return f"{namespace}/{repository}" if namespace else repository
