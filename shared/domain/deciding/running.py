"""What a promotion does once it has left Waiting: the slot, each step, success, failure and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from shared.domain.drafts.draft import STATUS_ERROR, STATUS_FAILED, STATUS_PENDING, STATUS_SUCCEEDED, Draft
from shared.domain.gating.approval import closing
from shared.domain.messages.effects import Deploy, ObserveRollout, Remove, Retag
from shared.domain.policies.policy import EnvironmentPolicy, OnFirstFailure
from shared.domain.state.phases import Phase, PromotionKind
from shared.domain.state.promotion import Deployed, Promotion
from shared.domain.state.release import ArtifactHold, Release, Slot
from shared.domain.values.person import Person
from shared.domain.values.records import replace

GOOD_KEPT = 5
_EFFECTS: Mapping[Phase, type[Retag] | type[Deploy] | type[ObserveRollout]] = {
    Phase.RETAGGING: Retag,
    Phase.DEPLOYING: Deploy,
    Phase.VERIFYING: ObserveRollout,
}


def start(draft: Draft, promotion: Promotion, policy: EnvironmentPolicy) -> None:
    """Take the slot, pin the policy and begin the first step, or the one that failed before."""
    release, _ = draft.promotion(promotion.number)
    environment = draft.environment(promotion.environment)
    slot = Slot(version=release.version.text, promotion=promotion.number, since=draft.now)
    draft.put_environment(replace(environment, slot=slot))
    forward = promotion.kind is not PromotionKind.ROLLBACK
    used = tuple(
        replace(one, used_by=promotion.number)
        if one.environment == promotion.environment and one.used_by is None and forward
        else one
        for one in release.overrides
    )
    if used != release.overrides:
        draft.put(replace(release, overrides=used))
    draft.keep(replace(promotion, pinned_policy=policy, previous=environment.live, turn=draft.next_turn()))
    request = promotion.approval
    fresh = request is not None and request.granted is not None and request.granted > promotion.since
    if request is not None and (fresh or promotion.resume_at is None):
        # A card that was answered is closed for everybody else.
        draft.emit(closing(draft.service, promotion.number, request, "approved, and used by this promotion"))
    copies = policy.registry_namespace is not None and promotion.kind is PromotionKind.FORWARD
    first = promotion.resume_at or Phase.RETAGGING
    begin(draft, promotion.number, Phase.DEPLOYING if first is Phase.RETAGGING and not copies else first)
    draft.status(
        release.commit,
        STATUS_PENDING,
        f"{release.version.tag} is {'on its way' if forward else 'being rolled back'}",
        version=release.version.tag,
        environment=promotion.environment,
    )


def begin(draft: Draft, number: int, phase: Phase) -> None:
    """Move on to a running phase, give it its deadline and ask for its effect."""
    _, promotion = draft.promotion(number)
    policy = draft.policy_of(promotion)
    if policy is None:
        raise LookupError(f"promotion {number} of {draft.service} has started without a policy")
    if phase is Phase.RETAGGING:
        moved = draft.move(promotion, phase, "", deadline=draft.now + policy.deadlines.retagging)
    elif phase is Phase.DEPLOYING:
        until = draft.now + policy.deadlines.deploying
        moved = draft.move(promotion, phase, "", deadline=until, writing_until=until)
    else:
        moved = draft.move(promotion, phase, "", deadline=draft.now + policy.deadlines.verifying)
    draft.emit(effect_of(draft, moved))


def effect_of(draft: Draft, promotion: Promotion) -> Retag | Deploy | ObserveRollout:
    """Return the effect that a running promotion waits for."""
    kind = _EFFECTS[promotion.phase]
    return kind(service=draft.service, number=promotion.number, attempt=promotion.attempt)


def succeed(draft: Draft, promotion: Promotion) -> None:
    """What was brought is live, and first among the good ones; the slot is free."""
    release, _ = draft.promotion(promotion.number)
    environment = draft.environment(promotion.environment)
    rollback = promotion.kind is PromotionKind.ROLLBACK
    live = replace(brought(release, promotion, draft.now), revision=promotion.revision)
    bad = release.artifact.id if rollback and release.artifact else ""
    others = tuple(one for one in environment.good if one.artifact.id not in (live.artifact.id, bad))
    good = (live, *others)[:GOOD_KEPT]
    draft.put_environment(
        replace(environment, live=live, good=good, slot=None, unknown="", adopted="", broken_since=None, taken=None)
    )
    read_again(draft, promotion.environment)
    if rollback:
        promotion = _restored(draft, promotion, live, environment.broken_since or promotion.created)
    draft.move(promotion, Phase.ROLLED_BACK if rollback else Phase.SUCCEEDED, "")
    # Said once, and read for ever: another version may be live there tomorrow.
    text = f"{live.artifact.version.tag} went live in {promotion.environment}"
    state = STATUS_FAILED if rollback else STATUS_SUCCEEDED
    draft.status(
        release.commit,
        state,
        f"rolled back: {text}" if rollback else text,
        version=release.version.tag,
        environment=promotion.environment,
    )


def _restored(draft: Draft, promotion: Promotion, live: Deployed, since: datetime) -> Promotion:
    """Say how long it took until the old version was ready, from when the failure was seen, or people asked."""
    took = (draft.now - since).total_seconds()
    draft.note(
        f"{promotion.environment}: {live.artifact.version.tag} is ready again, {took:,.1f} s after the failure was seen"
    )
    return draft.keep(replace(promotion, broken_since=since))


def read_again(draft: Draft, environment: str) -> None:
    """Forget what was read for promotions that wait: what is live changed, and with it authors and the way back."""
    for _, one in list(draft.promotions()):
        if one.environment == environment and one.phase is Phase.WAITING:
            draft.keep(replace(one, facts=None, facts_asked=None))


def brought(release: Release, promotion: Promotion, now: datetime) -> Deployed:
    """What a promotion brings: its target, or the release's own artifact with the manifests that were checked."""
    if promotion.target is not None:
        return promotion.target
    if release.artifact is None:
        raise LookupError(f"release {release.version.tag} has no artifact to promote")
    return Deployed(
        artifact=release.artifact,
        manifests=promotion.rendered.manifests if promotion.rendered else "",
        promotion=promotion.number,
        at=now,
        authors=promotion.facts.authors.evidence if promotion.facts else "",
        registry_namespace=(promotion.pinned_policy.registry_namespace or "") if promotion.pinned_policy else None,
        values=promotion.rendered.values if promotion.rendered else "",
    )


def fail(draft: Draft, promotion: Promotion, phase: Phase, reason: str, *, changed: bool) -> None:
    """End a running promotion badly: give back the slot, and go back if the environment may have been touched."""
    if promotion.kind is PromotionKind.ROLLBACK:
        fail_rollback(draft, promotion, reason)
        return
    release, _ = draft.promotion(promotion.number)
    failed_at = promotion.phase
    environment = draft.environment(promotion.environment)
    # Unknown is what an earlier attempt of this promotion left: nothing else starts meanwhile.
    changed = changed or bool(environment.unknown)
    if changed and phase is Phase.FAILED:
        environment = replace(environment, broken_since=environment.broken_since or draft.now)
    draft.put_environment(replace(environment, slot=None))
    moved = draft.move(promotion, phase, reason)
    if phase is Phase.ERRORED:
        draft.keep(replace(moved, resume_at=failed_at))
        if changed:
            # The slot stays with who left it so: a retry goes on, a rollback knows what it undoes.
            unknown = f"promotion {promotion.number} ended {phase} while {failed_at.lower()}; retry it"
            draft.put_environment(replace(environment, unknown=unknown))
    elif changed and promotion.kind is PromotionKind.FORWARD:
        _go_back(draft, release, moved, hold=phase is Phase.FAILED)
    state = STATUS_ERROR if phase is Phase.ERRORED else STATUS_FAILED
    draft.status(
        release.commit, state, f"{phase}: {reason}", version=release.version.tag, environment=promotion.environment
    )


def _go_back(draft: Draft, release: Release, failed: Promotion, *, hold: bool) -> None:
    environment = draft.environment(failed.environment)
    if environment.live is None:
        policy, taken = draft.policy_of(failed), environment.taken
        there = f"what was adopted, revision {taken.number}, is brought back" if taken else "nothing is live there"
        draft.note(f"{failed.environment} has no earlier version to go back to; {there}")
        if taken or (policy is not None and policy.on_first_failure is OnFirstFailure.UNINSTALL):
            version = release.version.text
            draft.emit(Remove(service=draft.service, version=version, number=failed.number, attempt=failed.attempt))
        return
    add_rollback(
        draft,
        release,
        failed.environment,
        cause=f"{failed.phase}: {failed.reason}",
        undoes=failed.number,
        hold=hold,
    )


def add_rollback(
    draft: Draft,
    release: Release,
    environment: str,
    *,
    cause: str,
    undoes: int | None,
    hold: bool,
    person: Person | None = None,
    target: Deployed | None = None,
) -> Promotion:
    """Add a rollback to the release that it undoes, with a hold on what it brought."""
    if hold and release.artifact is not None:
        hold_artifact(draft, release, f"{release.version.tag} was rolled back in {environment}: {cause}")
    kind = PromotionKind.ROLLBACK
    return draft.add(release, environment, kind, cause=cause, person=person, target=target, undoes=undoes)


def hold_artifact(draft: Draft, release: Release, reason: str) -> None:
    """Keep an artifact from being promoted again; holding it twice keeps the first reason."""
    if release.artifact is None or any(one.artifact == release.artifact.id for one in draft.holds):
        return
    hold = ArtifactHold(
        id=f"{draft.service.service}-{release.version.tag}",
        artifact=release.artifact.id,
        version=release.version.text,
        reason=reason,
        since=draft.now,
    )
    draft.holds = (*draft.holds, hold)
    draft.note(f"hold on {release.version.tag}: {reason}")


def fail_rollback(draft: Draft, promotion: Promotion, reason: str) -> None:
    """The way back failed: live is unknown and the slot stays taken, so that people are needed.

    A rollback that a person asked for and that never wrote leaves what runs as it was.
    """
    release, _ = draft.promotion(promotion.number)
    untouched = promotion.phase is Phase.WAITING and promotion.requested_by is not None
    if not untouched:
        environment = draft.environment(promotion.environment)
        slot = Slot(version=release.version.text, promotion=promotion.number, since=draft.now)
        unknown = f"rollback {promotion.number} failed: {reason}"
        since = environment.broken_since or draft.now
        draft.put_environment(replace(environment, slot=slot, unknown=unknown, broken_since=since))
    draft.move(promotion, Phase.ROLLBACK_FAILED, reason)
    draft.status(
        release.commit,
        STATUS_ERROR,
        f"rollback failed: {reason}",
        version=release.version.tag,
        environment=promotion.environment,
    )
