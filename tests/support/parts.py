"""Parts of artifacts: those of delivery, and short ways to name and to change them."""

from __future__ import annotations

from shared.domain.state.build import BuildResult
from shared.domain.values.artifact import Artifact, ArtifactPart, PartKind, PartName
from shared.domain.values.names import Digest
from shared.domain.values.records import replace
from shared.domain.values.version import Version

IMAGE = PartName(kind=PartKind.IMAGE, repository="delivery")
MIGRATION = PartName(kind=PartKind.IMAGE, repository="delivery-migration")
CHART = PartName(kind=PartKind.CHART, repository="charts/delivery")
PARTS = (IMAGE, CHART)
TWO_IMAGES = (IMAGE, MIGRATION, CHART)
NO_CHART = (IMAGE,)
FIRST = Version.parse("1.0.0")


def image_and_chart(image: Digest | None, chart: Digest | None, version: Version = FIRST) -> tuple[ArtifactPart, ...]:
    """Both parts of a version of delivery, without those of no digest."""
    return tuple(name.at(version, digest) for name, digest in ((IMAGE, image), (CHART, chart)) if digest)


def pushed(result: BuildResult, kind: PartKind) -> Digest | None:
    """The digest of what a build pushed of a kind."""
    return next((part.digest for part in result.parts if part.kind is kind), None)


def chart_of(artifact: Artifact) -> ArtifactPart:
    """The chart of an artifact that has one."""
    assert artifact.chart is not None
    return artifact.chart


def with_digest(artifact: Artifact, kind: PartKind, digest: Digest) -> Artifact:
    """The artifact with another part of that kind."""
    return replace(
        artifact,
        parts=tuple(replace(part, digest=digest) if part.kind is kind else part for part in artifact.parts),
    )
