"""What the repository says: policies, pushes and deleted branches."""

from __future__ import annotations

from shared.domain.deciding import building, running, tagging
from shared.domain.deciding.abort import abort_queued
from shared.domain.drafts.answers import Answer, done, ignored, refused
from shared.domain.drafts.draft import STATUS_FAILED, STATUS_PENDING, Draft
from shared.domain.messages.events import (
    BranchDeleted,
    ChangeFound,
    PolicyChanged,
    PusherFound,
)
from shared.domain.state.build import NO_HANDLE
from shared.domain.state.phases import QUEUED, Phase, ReleasePhase
from shared.domain.state.release import Push, Release
from shared.domain.state.repository import GONE
from shared.domain.values.errors import InvalidVersion
from shared.domain.values.records import replace
from shared.domain.values.version import Version, parse_release_branch


def policy_changed(draft: Draft, event: PolicyChanged) -> Answer:
    """Put a policy in force; what waits follows it, what has started keeps its own."""
    if draft.policy == event.policy:
        return ignored("known", "this policy is in force already")
    known = {one.name: one for one in draft.policy.environments} if draft.policy else {}
    draft.policy = event.policy
    for one in event.policy.environments:
        if one != known.get(one.name):
            # Manifests were rendered by what the environment's rules were.
            running.read_again(draft, one.name)
    draft.note(f"policy {event.policy.digest[:12]} of {event.policy.commit[:12]} is in force")
    return done()


def service_removed(draft: Draft) -> Answer:
    """Stop builds and what waits; deployments that run finish."""
    if draft.policy is None:
        return ignored("known", f"{draft.service.service} is not configured")
    draft.policy = None
    reason = f"{draft.service.service} left the configuration"
    for ref in list(draft.validations):
        building.cancel_validation(draft, ref, reason)
    for release in list(draft.releases.values()):
        if release.phase is not ReleasePhase.PACKAGED:
            building.stop(draft, release, reason)
    draft.note(reason)
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


def _refuse_push(draft: Draft, push: Push, tag: str, code: str, reason: str) -> Answer:
    draft.status(push.commit, STATUS_FAILED, reason, version=tag or "release")
    return refused(code, reason)


def _release_pushed(draft: Draft, ref: str, tag: str, push: Push) -> Answer:
    service = draft.service.service
    if draft.policy is None:
        what = f"no service {service} in slipway.yaml of the default branch; add it there"
        reason = f"{what}, then push a new commit, or delete the branch and push it again"
        return _refuse_push(draft, push, tag, "unknown-service", reason)
    try:
        version = Version.from_tag(tag)
    except InvalidVersion as error:
        return _refuse_push(draft, push, tag, "bad-version", f"release/{service}/{tag}: {error}; rename the branch")
    release = draft.find_release(version)
    if release is None:
        release = Release(
            version=version,
            ref=ref,
            commit=push.commit,
            phase=ReleasePhase.VALIDATING,
            reason="",
            since=draft.now,
            created=draft.now,
            correlation=draft.correlation,
            pushed_by=push.pushed_by,
        ).with_pusher(push.pushed_by, push.commit, again=True)
        draft.note(f"{version.tag}: Validating {push.commit[:12]}")
        draft.moves += 1
        return _check(draft, release, push)
    return _pushed_again(draft, release, push)


def _pushed_again(draft: Draft, release: Release, push: Push) -> Answer:
    tag = release.version.tag
    if release.artifact is not None:
        if release.commit == push.commit:
            return ignored("known", f"{tag} is packaged from this commit")
        return _refuse_push(
            draft,
            push,
            release.version.tag,
            "already-packaged",
            f"{push.commit[:12]} is not released: {tagging.known_as(release)}; push a higher version",
        )
    # Where the branch comes back to a commit, another push has brought it than the one nobody was named for.
    release = release.with_pusher(push.pushed_by, push.commit, again=True)
    if release.phase is ReleasePhase.PACKAGING:
        if release.commit == push.commit:
            if release.next_push is None:
                return ignored("known", f"{tag} is being packaged from this commit")
            draft.put(replace(release, next_push=None))
            draft.note(f"{tag}: the branch is back at {push.commit[:12]}, which is being packaged")
            return done()
        draft.note(f"{tag}: {push.commit[:12]} was pushed while {release.commit[:12]} is being packaged")
        return _check(draft, replace(release, next_push=push), push)
    changed = replace(
        release,
        commit=push.commit,
        pushed_by=push.pushed_by,
        result=None,
        built=0,
        handle=NO_HANDLE,
        branch_deleted=False,
    )
    if release.phase is not ReleasePhase.VALIDATING:
        changed = draft.move_release(changed, ReleasePhase.VALIDATING, f"{push.commit[:12]} was pushed")
    elif release.commit == push.commit:
        return ignored("known", f"{tag} is being checked from this commit")
    return _check(draft, changed, push)


def pusher_found(draft: Draft, event: PusherFound) -> Answer:
    """Count somebody as a pusher of a release, also where that is heard of late: who pushed it does not approve it.

    Whoever is named takes the place of the unknown pusher of the same commit, unless theirs is another push of it.
    """
    parsed = parse_release_branch(event.ref)
    release = draft.find_release(Version.from_tag(parsed[1])) if parsed else None
    if release is None:
        return ignored("unknown-release", f"{event.ref} released nothing")
    counted = release.with_pusher(event.pushed_by, event.commit, again=event.again)
    name = event.pushed_by.name if event.pushed_by else "somebody who is not named"
    if counted == release:
        return ignored("known", f"{name} is known to have pushed {release.version.tag}")
    draft.put(_last_pusher(counted, event))
    for promotion in release.promotions:
        if promotion.phase is Phase.WAITING:
            # Votes are counted anew when authors are read again.
            draft.keep(replace(promotion, facts=None, facts_asked=None))
    what = f"{event.commit[:12]} was pushed" if event.commit != GONE else "the branch was deleted"
    draft.note(f"{release.version.tag}: {what} by {name}")
    return done()


def _last_pusher(release: Release, event: PusherFound) -> Release:
    if event.pushed_by is None:
        return release
    coming = release.next_push
    if coming is not None and coming.commit == event.commit:
        release = replace(release, next_push=replace(coming, pushed_by=event.pushed_by))
    return replace(release, pushed_by=event.pushed_by) if event.commit == release.commit else release


def _check(draft: Draft, release: Release, push: Push) -> Answer:
    tagging.read_tags(draft, release)
    draft.status(push.commit, STATUS_PENDING, f"{release.version.tag} is being checked", version=release.version.tag)
    return done()


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
        building.stop(draft, release, reason)
        return done()
    draft.put(replace(release, branch_deleted=True))
    if _reached_the_end(draft, release):
        draft.note(f"{release.version.tag}: {reason}, after its last environment was reached")
        return done()
    abort_queued(draft, release, reason)
    return done()


def _reached_the_end(draft: Draft, release: Release) -> bool:
    """Whether a promotion to a last environment has left the queue."""
    last = draft.policy.last_environments() if draft.policy else ()
    latest = [one for name in last if (one := release.latest(name)) is not None]
    return any(one.phase not in QUEUED and one.pinned_policy is not None for one in latest)
