"""What the registry says of a version: is it new, and do its tags still name what was packaged."""

from __future__ import annotations

from shared.domain import building, tagging
from shared.domain.answers import Answer, done, ignored
from shared.domain.artifact import Artifact
from shared.domain.draft import STATUS_FAILED, Draft
from shared.domain.events import ArtifactAnnounced, TagsRead
from shared.domain.phases import ReleasePhase
from shared.domain.records import replace
from shared.domain.release import Push, Release
from shared.domain.version import Version


def tags_read(draft: Draft, event: TagsRead) -> Answer:
    """Go on if the version is new to the registry; stop a packaged one whose tag names something else now."""
    release = draft.release(Version.parse(event.version).key())
    if release is None:
        return ignored("unknown-release", f"there is no release of {event.version}")
    lost = release.lost
    image = event.image if lost is None or event.image != lost.image_digest else None
    chart = event.chart if lost is None or event.chart != lost.chart_digest else None
    found, exists = f"image {image}" if image else f"chart {chart}", image is not None or chart is not None
    if release.artifact is not None:
        return _compare(draft, release, release.artifact, event)
    if release.phase is ReleasePhase.VALIDATING:
        if exists:
            reason = f"{release.version.tag} exists in the registry ({found}); push a higher version"
            draft.move_release(release, ReleasePhase.FAILED, reason)
            draft.status(release.commit, STATUS_FAILED, reason, version=release.version.tag)
        else:
            building.package(draft, release, Push(commit=release.commit, number=0, pushed_by=release.pushed_by))
        return done()
    if release.phase is ReleasePhase.PACKAGING and release.next_push is not None:
        _next_push(draft, release, release.next_push, found if exists else "")
        return done()
    return ignored("late", f"{release.version.tag} is {release.phase}")


def _next_push(draft: Draft, release: Release, push: Push, found: str) -> None:
    if not found:
        building.package(draft, release, push)
        return
    draft.put(replace(release, next_push=None))
    what = f"{release.version.tag} of {release.commit[:12]} is in the registry already ({found})"
    draft.note(f"{push.commit[:12]} is refused: {what}")
    draft.status(push.commit, STATUS_FAILED, f"{what}; push a higher version", version=release.version.tag)


def _compare(draft: Draft, release: Release, artifact: Artifact, event: TagsRead) -> Answer:
    if release.quarantine:
        return ignored("known", f"{release.version.tag} is quarantined already")
    for what, known, found in (
        ("image", artifact.image_digest, event.image),
        ("chart", artifact.chart_digest, event.chart),
    ):
        if found is not None and found != known:
            reason = f"the {what} tag of {release.version.tag} names {found}, but {known} was packaged"
            draft.put(replace(release, quarantine=reason))
            draft.note(f"{release.version.tag} is quarantined: {reason}")
            draft.status(release.commit, STATUS_FAILED, reason, version=release.version.tag)
            return done()
    return ignored("known", f"the tags of {release.version.tag} name what was packaged")


def artifact_announced(draft: Draft, event: ArtifactAnnounced) -> Answer:
    """Keep an early digest as a fact; ask the registry where a known one seems to have changed."""
    release = draft.release(Version.parse(event.version).key())
    if release is None:
        return ignored("unknown-release", f"there is no release of {event.version}")
    what = "chart" if event.chart else "image"
    if release.artifact is None:
        if event.chart or event.digest is None or release.early_image == event.digest:
            return ignored("known", f"{release.version.tag} is not packaged yet; its {what} is read when it is")
        draft.put(replace(release, early_image=event.digest))
        draft.note(f"{release.version.tag}: the registry announced {event.digest.short} before the build's result")
        return done()
    known = release.artifact.chart_digest if event.chart else release.artifact.image_digest
    if known == event.digest:
        return ignored("known", f"{release.version.tag} names what was packaged")
    tagging.read_tags(draft, release)
    other = f"another {what}, {event.digest.short}" if event.digest else f"a push of its {what} without the digest"
    draft.note(f"{release.version.tag}: the registry announced {other}; its tag is read")
    return done()
