"""What people ask for by API: promote, retry, override, lift a hold."""

from __future__ import annotations

from datetime import datetime

from shared.domain.deciding import answering, building, tagging, waiting
from shared.domain.drafts.answers import Answer, done, refused
from shared.domain.drafts.draft import Draft
from shared.domain.drafts.lookup import known_environment, known_release, reopen
from shared.domain.gating.gates import OVERRIDABLE, Gate
from shared.domain.messages.events import (
    ArtifactHoldLifted,
    OverrideGranted,
    PromoteRequested,
    RetryRequested,
)
from shared.domain.policies.policy import EnvironmentPolicy
from shared.domain.state.older import brings_older
from shared.domain.state.phases import Phase, ReleasePhase
from shared.domain.state.progress import Progress, progress
from shared.domain.state.release import Override, Release
from shared.domain.values.records import replace


def promote(draft: Draft, event: PromoteRequested) -> Answer:
    """A new attempt after one that ended; what comes after it, and was skipped, follows."""
    release, policy = known_release(draft, event.version), known_environment(draft, event.environment)
    if isinstance(release, Answer):
        return release
    if isinstance(policy, Answer):
        return policy
    against = _against_promoting(release, policy)
    if against is not None:
        return against
    live = draft.environment(policy.name).live
    latest = release.latest(policy.name)
    if latest is not None and latest.phase is Phase.ERRORED and not waiting.overtaken(draft, latest):
        reason = f"promotion {latest.number} of {release.version.tag} is Errored; retry the release instead"
        return refused("errored", reason)
    if live is not None and release.artifact is not None and live.artifact.id == release.artifact.id:
        return refused("already-live", f"{release.version.tag} is live in {policy.name}; redeploy it instead")
    reopen(draft, release, f"promoted by {event.person.name}")
    cause = f"promoted by {event.person.name}"
    added = tagging.add_forward(draft, release, policy, cause=cause)
    draft.keep(replace(draft.promotion(added.number)[1], requested_by=event.person))
    draft.note(f"{release.version.tag} {policy.name} #{added.number} forward: {cause}")
    if hint := brings_older(draft.environment(policy.name), release, added):
        draft.note(hint)
    _renew_what_follows(draft, release, policy, cause)
    return done(str(added.number))


def _against_promoting(release: Release, policy: EnvironmentPolicy) -> Answer | None:
    tag, latest = release.version.tag, release.latest(policy.name)
    if not release.packaged:
        return refused("not-packaged", f"{tag} is {release.phase}; only a packaged release is promoted")
    if latest is not None and not latest.phase.ended:
        return refused("under-way", f"promotion {latest.number} of {tag} to {policy.name} is {latest.phase} already")
    for name in policy.after:
        if progress(release, name) is not Progress.REACHED:
            return refused("out-of-order", f"{tag} has not succeeded in {name}; promote it there first")
    return None


def _renew_what_follows(draft: Draft, release: Release, policy: EnvironmentPolicy, cause: str) -> None:
    """Give environments further on a new attempt where theirs was skipped because of this one."""
    for following in draft.in_force.environments_after(policy.name):
        current = draft.release(release.version)
        latest = current.latest(following.name)
        if latest is None or latest.phase in (Phase.SKIPPED, Phase.ABORTED):
            tagging.add_forward(draft, current, following, cause=cause)
            _renew_what_follows(draft, current, following, cause)


def retry(draft: Draft, event: RetryRequested) -> Answer:
    """Resume an errored release at the step that failed, with the approval it has; build one anew that was never built."""
    release = known_release(draft, event.version)
    if isinstance(release, Answer):
        return release
    reason = f"retried by {event.person.name}"
    if release.artifact is None:
        return _retry_build(draft, release, reason)
    if release.tagging is not None:
        return _retry_tags(draft, release, reason)
    errored = [
        one for one in release.promotions if one.phase is Phase.ERRORED and release.latest(one.environment) == one
    ]
    if not errored:
        return refused("not-errored", f"nothing of {release.version.tag} is Errored; promote it instead")
    overtaken = [one.environment for one in errored if waiting.overtaken(draft, one)]
    if overtaken:
        where = " and ".join(overtaken)
        return refused("overtaken", f"something else went live in {where} since; promote {release.version.tag} there")
    reopened = reopen(draft, release, reason)
    for promotion in errored:
        again = replace(promotion, attempt=promotion.attempt + 1, pinned_policy=None, facts=None, facts_asked=None)
        draft.move(draft.keep(again), Phase.WAITING, reason)
        if draft.policy is not None and (policy := draft.policy.environment(promotion.environment)):
            _renew_what_follows(draft, draft.release(reopened.version), policy, reason)
    return done(", ".join(str(one.number) for one in errored))


def _retry_build(draft: Draft, release: Release, reason: str) -> Answer:
    # A failure may have been the moment's: a test that fails by chance, a dependency that was mended. Nothing is recorded yet.
    if release.phase not in (ReleasePhase.ERRORED, ReleasePhase.FAILED) or draft.policy is None:
        what = "only an Errored release is retried, or a Failed one that was not built"
        return refused("not-errored", f"{release.version.tag} is {release.phase}; {what}")
    if release.result is None:
        checked = draft.move_release(release, ReleasePhase.VALIDATING, reason)
        return done(f"tags {tagging.read_tags(draft, checked).tags_asked}")
    run = building.new_run(draft, draft.policy, release.commit)
    draft.move_release(replace(release, build=run), ReleasePhase.PACKAGING, reason)
    return done(f"b{run.number}")


def _retry_tags(draft: Draft, release: Release, reason: str) -> Answer:
    """Go on with the tags of what is built: nothing else can be this version any more."""
    if release.phase not in (ReleasePhase.ERRORED, ReleasePhase.ABORTED) or draft.policy is None:
        why = f": {release.reason}" if release.phase.ended else "; its tags are being put"
        return refused("not-errored", f"{release.version.tag} is {release.phase}{why}")
    moved = draft.move_release(release, ReleasePhase.PACKAGING, reason)
    return done(f"tags {tagging.put_tags(draft, moved).tags_put}")


def override(draft: Draft, event: OverrideGranted) -> Answer:
    """Let one version past one gate in one environment, once."""
    release, policy = known_release(draft, event.version), known_environment(draft, event.environment)
    if isinstance(release, Answer):
        return release
    if isinstance(policy, Answer):
        return policy
    if event.gate not in {gate.value for gate in OVERRIDABLE}:
        names = ", ".join(sorted(OVERRIDABLE))
        return refused("not-overridable", f"gate {event.gate} cannot be overridden; these can: {names}")
    if release.phase is not ReleasePhase.PACKAGED:
        return refused("not-waiting", f"{release.version.tag} is {release.phase}; promote it first")
    if event.gate == Gate.AUTHORS:
        return answering.answer_for_unknown(draft, release, event)
    given = Override(
        environment=policy.name,
        gate=event.gate,
        person=event.person,
        reason=event.reason,
        at=draft.now,
        holds=_holds_on(draft, release, policy.name) if event.gate == Gate.HOLD else None,
    )
    draft.put(replace(release, overrides=(*release.overrides, given)))
    draft.note(
        f"{release.version.tag} {policy.name}: gate {event.gate} overridden by {event.person.name}: {event.reason}"
    )
    return done()


def _holds_on(draft: Draft, release: Release, environment: str) -> tuple[datetime, ...]:
    """Say when each hold was set that keeps the release out of the environment now."""
    own = (one.since for one in draft.holds if release.artifact and one.artifact == release.artifact.id)
    people = (one.since for one in draft.estate.all_covering(draft.service, environment, draft.now))
    return tuple(sorted({*own, *people}))


def lift_hold(draft: Draft, event: ArtifactHoldLifted) -> Answer:
    """Let an artifact be promoted again that was rolled back."""
    found = next((one for one in draft.holds if one.id == event.hold), None)
    if found is None:
        return refused("unknown-hold", f"there is no hold {event.hold} on an artifact of {draft.service.service}")
    draft.holds = tuple(one for one in draft.holds if one.id != event.hold)
    draft.note(f"hold {event.hold} lifted by {event.person.name}: {event.reason}")
    return done()
