"""The port's Registry over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shared.adapters.oci_registry import chart, copying, describing, pushing, tagging
from shared.adapters.oci_registry.connection import Connection
from shared.domain.values.names import Digest
from shared.ports.registry import CopyReport, ImageDescription

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


def _anonymous(_registry: str) -> None:
    return None


class OciRegistry:
    """Reads, copies and pushes. `credential` says who we are at a registry; None means that it does not hear that.

    Whoever is shown a token can use it: only hosts that are known to be what they seem may be given one.
    """

    def __init__(self, credential: Callable[[str], TokenCredential | None] = _anonymous) -> None:
        self._credential = credential

    def digest_of(self, registry: str, repository: str, tag: str) -> Digest | None:
        """What the tag names now."""
        with self._connect(registry) as connection:
            return connection.digest_of(repository, tag)

    def has(self, registry: str, repository: str, digest: Digest) -> bool:
        """Whether the repository holds the manifest."""
        with self._connect(registry) as connection:
            return connection.digest_of(repository, str(digest)) is not None

    def tags(self, registry: str, repository: str) -> Sequence[str]:
        """Every tag of a repository."""
        with self._connect(registry) as connection:
            return connection.tags(repository)

    def describe(self, registry: str, repository: str, digest: Digest) -> ImageDescription:
        """Read a manifest and its configuration."""
        with self._connect(registry) as connection:
            return describing.describe(connection, repository, digest)

    def copy(
        self, registry: str, source_repository: str, target_repository: str, digest: Digest, tag: str
    ) -> CopyReport:
        """Bring an artifact into another repository under the tag."""
        with self._connect(registry) as connection:
            return copying.copy(connection, source_repository, target_repository, digest, tag)

    def push_image(self, registry: str, repository: str, layer_tar_gz: Path, config: Mapping[str, object]) -> Digest:
        """Push an image of one layer by its digest."""
        with self._connect(registry) as connection:
            return pushing.push_image(connection, repository, layer_tar_gz, config)

    def push_chart(self, registry: str, repository: str, package: Path) -> Digest:
        """Push a packaged chart by its digest."""
        found = chart.read(package, f"{registry}/{repository}")
        with self._connect(registry) as connection:
            return pushing.push_chart(connection, repository, package, found)

    def knows(self, registry: str) -> bool:
        """Whether we say who we are there."""
        return self._credential(registry) is not None

    def chart(self, registry: str, repository: str, reference: str) -> bytes:
        """Return the packaged chart that a tag or a digest names."""
        with self._connect(registry) as connection:
            return chart.fetch(connection, repository, reference)

    def tag(self, registry: str, repository: str, digest: Digest, tag: str) -> None:
        """Let a tag name what was pushed."""
        with self._connect(registry) as connection:
            tagging.tag(connection, repository, digest, tag)

    def _connect(self, registry: str) -> Connection:
        return Connection(registry, self._credential(registry))
