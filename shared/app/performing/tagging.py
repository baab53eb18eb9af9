"""Tag: let a version's tags name what was recorded as built, the service's own image last; and read what they name."""

from __future__ import annotations

from collections.abc import Iterable

from shared.app.handling.loaded_service import read_service
from shared.app.parts import App
from shared.app.performing.outcome import NothingToReport, Performed
from shared.domain.messages.effects import Tag
from shared.domain.messages.events import ArtifactTagged, TaggingFailed
from shared.domain.messages.reports import report_id
from shared.domain.state.phases import ReleasePhase
from shared.domain.values.artifact import Artifact, ArtifactPart, PartName
from shared.domain.values.version import Version
from shared.ports.errors import NotFound, Permanent, Transient
from shared.ports.registry import TagTaken


def tag(app: App, effect: Tag) -> Performed:
    """Put each part's tag, if that is still waited for; whoever is asked again finds what was put before."""
    artifact = _waited_for(app, effect)
    if artifact is None:
        return NothingToReport()
    registry = app.access_as(None).registry
    # A version with half of its tags could not be built anew by another commit: so all parts are looked for first.
    for part in artifact.in_tag_order:
        if not registry.has(artifact.registry, part.repository, part.digest):
            raise NotFound(f"{part.kind} {artifact.registry}/{part.repository}@{part.digest} is gone from the registry")
    for part in artifact.in_tag_order:
        registry.tag(artifact.registry, part.repository, part.digest, part.tag)
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


def tagged_parts(app: App, registry: str, names: Iterable[PartName], version: Version) -> tuple[ArtifactPart, ...]:
    """Read what the version's tags name now; a part whose tag names nothing is left out."""
    found = (
        (name, app.access_as(None).registry.digest_of(registry, name.repository, name.kind.tag_of(version)))
        for name in names
    )
    return tuple(name.at(version, digest) for name, digest in found if digest is not None)
