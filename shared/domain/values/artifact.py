"""The immutable bundle that moves together, and where it lies."""

from __future__ import annotations

from enum import StrEnum

from shared.domain.values.names import Digest
from shared.domain.values.records import Record
from shared.domain.values.version import Version


class PartKind(StrEnum):
    """What a registry holds of a version."""

    IMAGE = "image"
    CHART = "chart"

    def tag_of(self, version: Version) -> str:
        """Return the tag of a version's part; Helm takes a chart by the bare version only."""
        return version.text if self is PartKind.CHART else version.tag

    def version_of(self, tag: str) -> Version:
        """Return the version that a tag names; raise InvalidVersion."""
        return Version.parse(tag) if self is PartKind.CHART else Version.from_tag(tag)


class PartName(Record, array_like=True):
    """Which part of a version it is: its kind, and the repository that builds push it to."""

    kind: PartKind
    repository: str

    def __str__(self) -> str:
        return f"{self.kind} {self.repository}"

    def at(self, version: Version, digest: Digest) -> ArtifactPart:
        """Return the part as it is in a version; its tag follows from the version and is nobody's to choose."""
        return ArtifactPart(kind=self.kind, repository=self.repository, digest=digest, tag=self.kind.tag_of(version))


class ArtifactPart(Record, array_like=True):
    """An image or a chart of a version, by its digest; `tag` is the version's in the repository."""

    kind: PartKind
    repository: str
    digest: Digest
    tag: str

    @property
    def name(self) -> PartName:
        """Which part it is, whatever its content."""
        return PartName(kind=self.kind, repository=self.repository)

    @property
    def said(self) -> str:
        """The part for people, by its content."""
        return f"{self.kind} {self.digest}"


class Artifact(Record):
    """All parts of one version, and the commit they were built of; repositories are named without a namespace.

    There is one image at least. The first one is the service's own: placeholders name it. There is one chart at most.
    """

    registry: str
    parts: tuple[ArtifactPart, ...]
    commit: str
    version: Version

    def __post_init__(self) -> None:
        kinds = [part.kind for part in self.parts]
        if PartKind.IMAGE not in kinds:
            raise ValueError("has no image")
        if kinds.count(PartKind.CHART) > 1:
            raise ValueError("has more than one chart")
        if len({(part.repository, part.tag) for part in self.parts}) < len(self.parts):
            raise ValueError("has two parts under one tag")

    @property
    def id(self) -> str:
        """Names the artifact by content alone: the same bytes are the same artifact."""
        return "+".join(str(part.digest) for part in self.parts)

    @property
    def images(self) -> tuple[ArtifactPart, ...]:
        """All images, the service's own first."""
        return tuple(part for part in self.parts if part.kind is PartKind.IMAGE)

    @property
    def image(self) -> ArtifactPart:
        """The service's own image."""
        return self.images[0]

    @property
    def chart(self) -> ArtifactPart | None:
        """The chart; None where manifests come from something else."""
        return next((part for part in self.parts if part.kind is PartKind.CHART), None)

    @property
    def in_tag_order(self) -> tuple[ArtifactPart, ...]:
        """The parts as their tags are put, the service's own image last: whoever sees its tag finds all others."""
        own = self.image
        others = sorted((part for part in self.parts if part is not own), key=lambda part: part.kind.value)
        return (*others, own)

    def digest_of(self, name: PartName) -> Digest | None:
        """Return the digest of a part; None where the version has no such part."""
        found = find_part(self.parts, name)
        return found.digest if found is not None else None


def find_part(parts: tuple[ArtifactPart, ...], name: PartName) -> ArtifactPart | None:
    """Return the part of that name."""
    return next((part for part in parts if part.name == name), None)


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
