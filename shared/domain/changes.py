"""Pushes and what the registry says of a version: from a branch to a packaged release."""

from __future__ import annotations

from dataclasses import replace

from shared.domain import building
from shared.domain.answers import Answer, done, ignored, refused
from shared.domain.draft import STATUS_FAILED, STATUS_PENDING, Draft
from shared.domain.effects import ReadTags
from shared.domain.errors import InvalidVersion
from shared.domain.events import (
    BranchDeleted,
    BuildReported,
    ChangeFound,
    ArtifactAnnounced,
    PolicyChanged,
    TagsRead,
)
from shared.domain.phases import QUEUED, ReleasePhase
from shared.domain.policy import ServicePolicy
from shared.domain.release import Push, Release
from shared.domain.stopping import abort_queued
from shared.domain.version import Version, parse_release_branch


def policy_changed(draft: Draft, event: PolicyChanged) -> Answer:
    """Put a policy in force; what waits follows it, what has started keeps its plan."""
    if draft.policy == event.policy:
        return ignored("known", "this policy is in force already")
    draft.policy = event.policy
    draft.note(f"policy {event.policy.digest[:12]} of {event.policy.commit[:12]} is in force")
    return done()


def service_removed(draft: Draft) -> Answer:
    """Stop what waits; what runs finishes."""
    if draft.policy is None:
        return ignored("known", f"{draft.service.service} is not configured")
    draft.policy = None
    for ref in list(draft.validations):
        building.cancel_validation(draft, ref, "the service left the configuration")
    draft.note(f"{draft.service.service} left the configuration")
    return done()


def change_found(draft: Draft, event: ChangeFound) -> Answer:
    """Validate a branch, or begin a release."""
    push = Push(commit=event.commit, number=event.number, pushed_by=event.pushed_by)
    parsed = parse_release_branch(event.ref)
    if parsed is not None:
        return _release_pushed(draft, event.ref, parsed[1], push)
    if draft.policy is None:
        return ignored("not-configured", f"{draft.service.service} is not in slipway.yaml of the default branch")
    if event.skip:
        return ignored("skipped", f"a commit says {event.skip}")
    building.validate(draft, draft.policy, event.ref, push, event.pull_request)
    return done()


def _refuse_push(draft: Draft, push: Push, code: str, reason: str) -> Answer:
    draft.status(push.commit, STATUS_FAILED, reason)
    return refused(code, reason)


def _release_pushed(draft: Draft, ref: str, tag: str, push: Push) -> Answer:
    service = draft.service.service
    if draft.policy is None:
        reason = f"no service {service} in slipway.yaml of the default branch; add it there, then push again"
        return _refuse_push(draft, push, "unknown-service", reason)
    try:
        version = Version.from_tag(tag)
    except InvalidVersion as error:
        return _refuse_push(draft, push, "bad-version", f"release/{service}/{tag}: {error}; rename the branch")
    release = draft.release(version.key())
    if release is None:
        release = Release(
            version=version,
            ref=ref,
            commit=push.commit,
            phase=ReleasePhase.VALIDATING,
            reason="",
            since=draft.now,
            created=draft.now,
            pushed_by=push.pushed_by,
        )
        draft.note(f"{version.tag}: Validating {push.commit[:12]}")
        draft.moves += 1
        return _read_tags(draft, draft.put(release), push)
    return _pushed_again(draft, release, push)


def _pushed_again(draft: Draft, release: Release, push: Push) -> Answer:
    tag = release.version.tag
    if release.artifact is not None:
        if release.commit == push.commit:
            return ignored("known", f"{tag} is packaged from this commit")
        what = f"{tag} is packaged as {release.artifact.image_digest} from {release.commit[:12]}"
        return _refuse_push(draft, push, "already-packaged", f"{what}; push a higher version")
    if release.phase is ReleasePhase.PACKAGING:
        if release.commit == push.commit:
            return ignored("known", f"{tag} is being packaged from this commit")
        draft.note(f"{tag}: {push.commit[:12]} was pushed while {release.commit[:12]} is being packaged")
        return _read_tags(draft, draft.put(replace(release, next_push=push)), push)
    changed = replace(release, commit=push.commit, pushed_by=push.pushed_by, branch_deleted=False)
    if release.phase is not ReleasePhase.VALIDATING:
        changed = draft.move_release(changed, ReleasePhase.VALIDATING, f"{push.commit[:12]} was pushed")
    return _read_tags(draft, draft.put(changed), push)


def _read_tags(draft: Draft, release: Release, push: Push) -> Answer:
    asked = release.tags_asked + 1
    draft.put(replace(release, tags_asked=asked))
    draft.emit(ReadTags(service=draft.service, version=release.version.text, asked=asked))
    draft.status(push.commit, STATUS_PENDING, f"{release.version.tag} is being checked")
    return done()


def tags_read(draft: Draft, event: TagsRead) -> Answer:
    """Go on if the version is new to the registry; stop a packaged one whose tag names something else now."""
    release = draft.release(Version.parse(event.version).key())
    if release is None:
        return ignored("unknown-release", f"there is no release of {event.version}")
    found = f"image {event.image}" if event.image else f"chart {event.chart}"
    exists = event.image is not None or event.chart is not None
    if release.artifact is not None:
        return _compare(draft, release, event)
    policy = draft.policy
    if release.phase is ReleasePhase.VALIDATING and policy is not None:
        if exists:
            reason = f"{release.version.tag} exists in the registry ({found}); push a higher version"
            draft.move_release(release, ReleasePhase.FAILED, reason)
            draft.status(release.commit, STATUS_FAILED, reason)
        else:
            building.package(draft, policy, release, _current(release), "")
        return done()
    if release.phase is ReleasePhase.PACKAGING and release.next_push is not None and policy is not None:
        return _next_push(draft, policy, release, release.next_push, found if exists else "")
    return ignored("late", f"{release.version.tag} is {release.phase}")


def _current(release: Release) -> Push:
    return Push(commit=release.commit, number=0, pushed_by=release.pushed_by)


def _next_push(draft: Draft, policy: ServicePolicy, release: Release, push: Push, found: str) -> Answer:
    if not found:
        building.package(draft, policy, release, push, "")
        return done()
    draft.put(replace(release, next_push=None))
    what = f"{release.version.tag} of {release.commit[:12]} is in the registry already ({found})"
    return _refuse_push(draft, push, "already-packaged", f"{what}; push a higher version")


def _compare(draft: Draft, release: Release, event: TagsRead) -> Answer:
    artifact = release.artifact
    if artifact is None or release.quarantine:
        return ignored("known", f"{release.version.tag} is quarantined already")
    for what, known, found in (
        ("image", artifact.image_digest, event.image),
        ("chart", artifact.chart_digest, event.chart),
    ):
        if found is not None and found != known:
            reason = f"the {what} tag of {release.version.tag} names {found}, but {known} was packaged"
            draft.put(replace(release, quarantine=reason))
            draft.note(f"{release.version.tag} is quarantined: {reason}")
            draft.status(release.commit, STATUS_FAILED, reason)
            return done()
    return ignored("known", f"the tags of {release.version.tag} name what was packaged")


def artifact_announced(draft: Draft, event: ArtifactAnnounced) -> Answer:
    """Keep an early digest as a fact; ask the registry where a known one seems to have changed."""
    release = draft.release(Version.parse(event.version).key())
    if release is None:
        return ignored("unknown-release", f"there is no release of {event.version}")
    what = "chart" if event.chart else "image"
    if release.artifact is None:
        if event.chart or release.early_image == event.digest:
            return ignored("known", f"{release.version.tag} is not packaged yet; its {what} is read when it is")
        draft.put(replace(release, early_image=event.digest))
        draft.note(f"{release.version.tag}: the registry announced {event.digest.short} before the build's result")
        return done()
    known = release.artifact.chart_digest if event.chart else release.artifact.image_digest
    if known == event.digest:
        return ignored("known", f"{release.version.tag} names what was packaged")
    asked = release.tags_asked + 1
    draft.put(replace(release, tags_asked=asked))
    draft.emit(ReadTags(service=draft.service, version=release.version.text, asked=asked))
    draft.note(f"{release.version.tag}: the registry announced another {what}, {event.digest.short}; its tag is read")
    return done()


def build_reported(draft: Draft, event: BuildReported) -> Answer:
    """Take a result if it is of a build that is waited for; any other is recorded only."""
    for validation in draft.validations.values():
        for run in validation.running:
            if (run.number, run.attempt) == (event.number, event.attempt):
                building.validated(draft, validation, run, event.result)
                return done()
    for release in draft.releases.values():
        waits = release.build
        if waits is not None and (waits.number, waits.attempt) == (event.number, event.attempt):
            building.packaged(draft, draft.policy, release, event.result)
            return done()
    return ignored("replaced", f"nobody waits for attempt {event.attempt} of build {event.number}")


def branch_deleted(draft: Draft, event: BranchDeleted) -> Answer:
    """Stop what has not reached the last environment; later it is recorded only."""
    if event.ref in draft.validations:
        building.cancel_validation(draft, event.ref, "the branch was deleted")
        return done()
    release = next((one for one in draft.releases.values() if one.ref == event.ref), None)
    if release is None:
        return ignored("not-under-way", f"nothing is under way for {event.ref}")
    reason = "the branch was deleted"
    if release.phase is not ReleasePhase.PACKAGED:
        building.cancel_build(draft, release)
        draft.move_release(replace(release, build=None, next_push=None), ReleasePhase.ABORTED, reason)
        return done()
    draft.put(replace(release, branch_deleted=True))
    if _reached_the_end(draft, release):
        draft.note(f"{release.version.tag}: {reason}, after its last environment was reached")
        return done()
    abort_queued(draft, release, reason)
    return done()


def _reached_the_end(draft: Draft, release: Release) -> bool:
    """Whether a promotion to a last environment has left the queue."""
    policy = draft.policy
    last = [one.name for one in policy.environments if not policy.environments_after(one.name)] if policy else []
    latest = [one for name in last if (one := release.latest(name)) is not None]
    return any(one.phase not in QUEUED and one.plan is not None for one in latest)
