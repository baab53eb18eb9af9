"""Tag: let a version's tags name what was recorded as built, chart first and image last."""

from __future__ import annotations

from collections.abc import Iterator

from shared.app.parts import App
from shared.app.performing.outcome import NothingToReport, Performed, report_id
from shared.app.service_view import read_service
from shared.domain.artifact import Artifact
from shared.domain.effects import Tag
from shared.domain.events import ArtifactTagged, TaggingFailed
from shared.domain.names import Digest
from shared.domain.phases import ReleasePhase
from shared.domain.version import Version
from shared.ports.errors import NotFound, Permanent, Transient
from shared.ports.registry import TagTaken


def tag(app: App, effect: Tag) -> Performed:
    """Put both tags, if that is still waited for; whoever is asked again finds what was put before."""
    artifact = _waited_for(app, effect)
    if artifact is None:
        return NothingToReport()
    registry = app.access_as(None).registry
    # A version with half of its tags could not be built anew by another commit: so both parts are looked for first.
    for what, repository, digest, _ in _parts(artifact):
        if not registry.has(artifact.registry, repository, digest):
            raise NotFound(f"{what} {artifact.registry}/{repository}@{digest} is gone from the registry")
    for _, repository, digest, name in _parts(artifact):
        registry.tag(artifact.registry, repository, digest, name)
    return ArtifactTagged(
        id=report_id(effect.id),
        service=effect.service,
        effect=effect.id,
        version=effect.version,
        attempt=effect.attempt,
    )


def failed(effect: Tag, error: Transient | Permanent) -> TaggingFailed:
    """Make the report of tags that could not be put: only one that somebody else put is not for us to repair."""
    return TaggingFailed(
        id=report_id(effect.id),
        service=effect.service,
        effect=effect.id,
        version=effect.version,
        attempt=effect.attempt,
        reason=str(error),
        ours=not isinstance(error, TagTaken),
        lost=isinstance(error, NotFound),
    )


def _waited_for(app: App, effect: Tag) -> Artifact | None:
    release = read_service(app, effect.service, exact=False).state.releases.get(Version.parse(effect.version).key())
    if release is None or release.phase is not ReleasePhase.PACKAGING or release.tagging is None:
        return None
    return release.artifact if release.tags_put == effect.attempt else None


def _parts(artifact: Artifact) -> Iterator[tuple[str, str, Digest, str]]:
    """What is tagged, in its order: whoever sees the image's tag finds the chart's."""
    yield "chart", artifact.chart_repository, artifact.chart_digest, artifact.version.text
    yield "image", artifact.image_repository, artifact.image_digest, artifact.version.tag
