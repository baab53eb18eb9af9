"""From the recorded digests of a version to its tags, and from its tags to its promotions.

Recording the digests is the point of no return: from then on the version is this artifact. Its tags come last, the service's own image last of all, so that
whoever sees that tag finds everything. A crash between two tags is finished by the effect when it is delivered again.
"""

from __future__ import annotations

from datetime import timedelta

from shared.domain.drafts.answers import Answer, done, ignored
from shared.domain.drafts.draft import STATUS_ERROR, STATUS_FAILED, STATUS_SUCCEEDED, Draft
from shared.domain.messages.effects import ReadTags, Tag
from shared.domain.messages.events import ArtifactTagged, TaggingFailed
from shared.domain.policies.policy import EnvironmentPolicy
from shared.domain.state.build import would_block
from shared.domain.state.phases import PromotionKind, ReleasePhase
from shared.domain.state.promotion import Promotion
from shared.domain.state.release import Release, Tagging
from shared.domain.values.artifact import Artifact
from shared.domain.values.records import replace
from shared.domain.values.version import Version

TAGGING_DEADLINE = timedelta(hours=1)


def read_tags(draft: Draft, release: Release) -> Release:
    """Ask the registry what the version's tags name."""
    asked = release.tags_asked + 1
    draft.emit(ReadTags(service=draft.service, version=release.version.text, asked=asked))
    return draft.put(replace(release, tags_asked=asked))


def record(draft: Draft, release: Release, artifact: Artifact, *, tagged: bool) -> None:
    """Bind the version to what was built; `tagged` where its tags name that already."""
    recorded = replace(release, artifact=artifact, next_push=None)
    if release.next_push is not None:
        draft.status(
            release.next_push.commit,
            STATUS_FAILED,
            f"{known_as(recorded)}; push a higher version",
            version=release.version.tag,
        )
    if tagged:
        _packaged(draft, recorded, artifact)
        return
    draft.note(f"{known_as(recorded)}; its tags are put")
    put_tags(draft, recorded)


def known_as(release: Release) -> str:
    """Say what a version is bound to, for whoever would have it bound to something else."""
    artifact, tag = release.artifact, release.version.tag
    if artifact is None:
        raise LookupError(f"{tag} is bound to nothing yet")
    return f"{tag} is {' and '.join(part.said for part in artifact.parts)} from {release.commit[:12]}"


def put_tags(draft: Draft, release: Release) -> Release:
    """Ask for the version's tags, which name the recorded digests."""
    attempt = release.tags_put + 1
    draft.emit(effect_of(draft, replace(release, tags_put=attempt)))
    tagging = Tagging(since=draft.now, deadline=draft.now + TAGGING_DEADLINE)
    return draft.put(replace(release, tagging=tagging, tags_put=attempt))


def effect_of(draft: Draft, release: Release) -> Tag:
    """Return the effect that a release waits for whose tags are being put."""
    return Tag(service=draft.service, version=release.version.text, attempt=release.tags_put)


def tagged(draft: Draft, event: ArtifactTagged) -> Answer:
    """All tags stand: the release is packaged, and its promotions begin."""
    release = _current(draft, event)
    if release is None or release.artifact is None:
        return _replaced(event, "tagged it")
    _packaged(draft, release, release.artifact)
    return done()


def failed(draft: Draft, event: TaggingFailed) -> Answer:
    """End a release whose tags cannot be put; what was tagged by then stays.

    A tag that somebody else put is the end of the version. What the registry lost is forgotten, and a retry builds it anew.
    """
    release = _current(draft, event)
    if release is None:
        return _replaced(event, f"failed ({event.reason})")
    if event.lost:
        # One of its tags may stand. It is ours, and does not make the version somebody else's.
        forgotten = replace(release, artifact=None, tagging=None, lost=release.artifact)
        release, then = forgotten, "retry the release to build it anew"
    else:
        then = "retry the release" if event.ours else "push a higher version"
    phase, state = (ReleasePhase.ERRORED, STATUS_ERROR) if event.ours else (ReleasePhase.FAILED, STATUS_FAILED)
    reason = f"the tags of {release.version.tag} could not be put: {event.reason}; {then}"
    draft.status(release.commit, state, reason, version=release.version.tag)
    draft.move_release(release, phase, reason)
    return done()


def _current(draft: Draft, event: ArtifactTagged | TaggingFailed) -> Release | None:
    release = draft.releases.get(Version.parse(event.version).key())
    waits = release is not None and release.tagging is not None and release.tags_put == event.attempt
    return release if waits else None


def _replaced(event: ArtifactTagged | TaggingFailed, what: str) -> Answer:
    return ignored("replaced", f"attempt {event.attempt} {what}, but nobody waits for the tags of v{event.version}")


def _packaged(draft: Draft, release: Release, artifact: Artifact) -> None:
    tag = release.version.tag
    moved = draft.move_release(replace(release, tagging=None), ReleasePhase.PACKAGED, "")
    images = ", ".join(part.digest.short for part in artifact.images)
    said = f"{tag} is packaged as {images}{would_block(release.result)}"
    draft.status(release.commit, STATUS_SUCCEEDED, said, version=tag)
    if any(part not in artifact.parts for part in release.early):
        draft.note(f"{tag}: the registry announced another image before the build's result; its tag is read")
        moved = read_tags(draft, moved)
    for environment in draft.in_force.environments:
        add_forward(draft, moved, environment, cause=f"{tag} was packaged")


def add_forward(draft: Draft, release: Release, environment: EnvironmentPolicy, *, cause: str) -> Promotion:
    """Add an attempt to bring the release's artifact into an environment."""
    return draft.add(release, environment.name, PromotionKind.FORWARD, cause=cause, person=release.pushed_by)
