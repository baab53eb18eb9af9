"""What the registry says of a version: is it new, and do its tags still name what was packaged."""

from __future__ import annotations

from shared.domain.deciding import building, tagging
from shared.domain.drafts.answers import Answer, done, ignored
from shared.domain.drafts.draft import STATUS_FAILED, Draft
from shared.domain.messages.events import ArtifactAnnounced, TagsRead
from shared.domain.state.phases import ReleasePhase
from shared.domain.state.release import Push, Release
from shared.domain.values.artifact import Artifact, PartKind
from shared.domain.values.records import replace
from shared.domain.values.version import Version


def tags_read(draft: Draft, event: TagsRead) -> Answer:
    """Go on if the version is new to the registry; stop a packaged one whose tag names something else now."""
    release = draft.find_release(Version.parse(event.version))
    if release is None:
        return ignored("unknown-release", f"there is no release of {event.version}")
    lost = release.lost.parts if release.lost is not None else ()
    found = next((part.said for part in event.parts if part not in lost), "")
    if release.artifact is not None:
        return _compare(draft, release, release.artifact, event)
    if release.phase is ReleasePhase.VALIDATING:
        if found:
            reason = f"{release.version.tag} exists in the registry ({found}); push a higher version"
            draft.move_release(release, ReleasePhase.FAILED, reason)
            draft.status(release.commit, STATUS_FAILED, reason, version=release.version.tag)
        else:
            building.package(draft, release, Push(commit=release.commit, number=0, pushed_by=release.pushed_by))
        return done()
    if release.phase is ReleasePhase.PACKAGING and release.next_push is not None:
        _next_push(draft, release, release.next_push, found)
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
    for found in event.parts:
        known = artifact.digest_of(found.name)
        if known is not None and found.digest != known:
            reason = f"the {found.kind} tag of {release.version.tag} names {found.digest}, but {known} was packaged"
            draft.put(replace(release, quarantine=reason))
            draft.note(f"{release.version.tag} is quarantined: {reason}")
            draft.status(release.commit, STATUS_FAILED, reason, version=release.version.tag)
            return done()
    return ignored("known", f"the tags of {release.version.tag} name what was packaged")


def artifact_announced(draft: Draft, event: ArtifactAnnounced) -> Answer:
    """Keep an early digest as a fact; ask the registry where a known one seems to have changed."""
    release = draft.find_release(Version.parse(event.version))
    if release is None:
        return ignored("unknown-release", f"there is no release of {event.version}")
    what = event.part.kind
    if release.artifact is None:
        return _announced_early(draft, release, event)
    known = release.artifact.digest_of(event.part)
    if known is None:
        return ignored("unknown-artifact", f"{release.version.tag} has no {event.part}")
    if known == event.digest:
        return ignored("known", f"{release.version.tag} names what was packaged")
    tagging.read_tags(draft, release)
    other = f"another {what}, {event.digest.short}" if event.digest else f"a push of its {what} without the digest"
    draft.note(f"{release.version.tag}: the registry announced {other}; its tag is read")
    return done()


def _announced_early(draft: Draft, release: Release, event: ArtifactAnnounced) -> Answer:
    part, tag = event.part, release.version.tag
    digest = event.digest if part.kind is PartKind.IMAGE else None
    found = part.at(release.version, digest) if digest is not None else None
    if found is None or found in release.early:
        return ignored("known", f"{tag} is not packaged yet; its {part.kind} is read when it is")
    others = tuple(one for one in release.early if one.name != part)
    draft.put(replace(release, early=(*others, found)))
    draft.note(f"{tag}: the registry announced {found.digest.short} before the build's result")
    return done()
