"""Deploying what was good before: redeploy and rollback, as people ask for them."""

from __future__ import annotations

from shared.domain.deciding import running, waiting
from shared.domain.drafts.answers import Answer, done, refused
from shared.domain.drafts.decision import Outcome
from shared.domain.drafts.draft import Draft
from shared.domain.drafts.lookup import earlier_good, known_environment, known_release, reopen
from shared.domain.messages.events import RedeployRequested, RollbackRequested
from shared.domain.policies.policy import EnvironmentPolicy, HelmTarget
from shared.domain.state.phases import RUNNING, Phase, PromotionKind
from shared.domain.state.promotion import Deployed, Promotion
from shared.domain.state.release import Release
from shared.domain.values.person import Person
from shared.domain.values.records import replace
from shared.domain.values.version import Version


def redeploy(draft: Draft, event: RedeployRequested) -> Answer:
    """Deploy what is live again; an older good version is a rollback, any other has to be promoted."""
    policy = known_environment(draft, event.environment)
    if isinstance(policy, Answer):
        return policy
    environment = draft.environment(policy.name)
    live = environment.live
    if live is None:
        return refused("nothing-live", f"nothing is live in {policy.name}; promote a release")
    wanted = event.version or live.artifact.version.text
    against = _against_restarting(policy, wanted, live) if event.restart else None
    if against is not None:
        return against
    if wanted != live.artifact.version.text:
        if earlier_good(environment.good, wanted) is None:
            return refused("never-succeeded", f"{wanted} has not succeeded in {policy.name}; promote it")
        return _roll_back(draft, policy.name, wanted, f"redeploy of {wanted}", event.person)
    release = known_release(draft, wanted)
    if isinstance(release, Answer):
        return release
    latest = release.latest(policy.name)
    if latest is not None and not latest.phase.ended:
        return refused("under-way", f"promotion {latest.number} to {policy.name} is {latest.phase} already")
    cause = f"{'restarted' if event.restart else 'redeployed'} by {event.person.name}"
    current = reopen(draft, release, cause)
    kind = PromotionKind.REDEPLOY
    added = draft.add(current, policy.name, kind, cause=cause, person=event.person, target=live)
    draft.keep(replace(added, restart=event.restart))
    return done(str(added.number))


def _against_restarting(policy: EnvironmentPolicy, wanted: str, live: Deployed) -> Answer | None:
    if not isinstance(policy.deploy, HelmTarget):
        reason = f"restart: {policy.name} is deployed through a repository, whose operator starts no pod anew"
        return refused("no-restart", f"{reason}; restart them in the cluster, or change the manifests")
    if wanted != live.artifact.version.text:
        reason = f"restart: {live.artifact.version.text} is live in {policy.name}, and nothing else is restarted"
        return refused("restart-not-live", f"{reason}; {wanted} starts its own pods when it is deployed")
    return None


def roll_back(draft: Draft, event: RollbackRequested) -> Answer:
    """Go back at once; what is being deployed there is aborted, and undone where it was written."""
    environment = draft.environments.get(event.environment)
    if environment is None:
        return refused("unknown-environment", f"nothing was ever deployed to {event.environment}")
    found = [
        (release, one)
        for release, one in draft.promotions()
        if one.environment == event.environment and one.phase in RUNNING
    ]
    if not found:
        return _roll_back(draft, event.environment, event.to, event.reason, event.person)
    release, promotion = found[0]
    if promotion.kind is PromotionKind.ROLLBACK:
        return refused("rolling-back", f"rollback {promotion.number} of {event.environment} is under way already")
    stopped = f"rolled back by {event.person.name}: {event.reason}"
    if promotion.kind is PromotionKind.FORWARD and promotion.phase is not Phase.RETAGGING and environment.live:
        return _undo(draft, release, promotion, event.to, stopped)
    answer = _roll_back(draft, event.environment, event.to, event.reason, event.person)
    if answer.outcome is Outcome.NOTED:
        running.fail(draft, promotion, Phase.ABORTED, stopped, changed=False)
    return answer


def _undo(draft: Draft, release: Release, promotion: Promotion, to: str, reason: str) -> Answer:
    """Abort what is being deployed, and bring back what is live still, or the named good version."""
    bad = release.artifact.id if release.artifact else ""
    good = _without(draft.environment(promotion.environment).good, bad)
    target = earlier_good(good, to) if to else None
    if to and target is None:
        return _no_such_target(promotion.environment, to, good)
    running.fail(draft, promotion, Phase.ABORTED, reason, changed=True)
    running.hold_artifact(draft, release, f"{release.version.tag} was {reason}")
    _, added = draft.promotion(draft.numbers.promotion)
    draft.keep(replace(added, target=target))
    return done(str(added.number))


def _no_such_target(environment: str, to: str, good: tuple[Deployed, ...]) -> Answer:
    known = ", ".join(one.artifact.version.text for one in good) or "none"
    return refused("no-such-target", f"{to} is not an earlier good version of {environment}; there is {known}")


def _roll_back(draft: Draft, name: str, to: str, reason: str, person: Person) -> Answer:
    environment = draft.environment(name)
    live = environment.live
    if live is None:
        return refused("nothing-live", f"nothing is live in {name}; there is nothing to roll back")
    already = [one for _, one in draft.promotions() if one.kind is PromotionKind.ROLLBACK and one.environment == name]
    if already:
        return refused("rolling-back", f"rollback {already[0].number} of {name} is under way already")
    version, number = _undone(draft, name, live)
    undone = draft.find_release(version)
    if undone is None:
        return refused("unknown-release", f"there is no release of {version.tag} to undo")
    bad = undone.artifact.id if undone.artifact else ""
    good = environment.good if environment.unknown else _without(environment.good, live.artifact.id)
    earlier = _without(good, bad)
    target = earlier_good(good, to) if to else None
    if to and target is None:
        return _no_such_target(name, to, good)
    if target is None and not earlier:
        return refused("no-target", f"{version.tag} is the first version of {name}; there is none to go back to")
    current = _stop_retry(draft, reopen(draft, undone, f"rolled back by {person.name}: {reason}"), number, person)
    added = running.add_rollback(
        draft,
        current,
        name,
        cause=f"{reason} ({person.name})",
        undoes=number,
        hold=target is None or target.artifact.id != bad,
        person=person,
        target=target,
    )
    return done(str(added.number))


def _without(good: tuple[Deployed, ...], artifact: str) -> tuple[Deployed, ...]:
    return tuple(one for one in good if one.artifact.id != artifact)


def _stop_retry(draft: Draft, release: Release, number: int, person: Person) -> Release:
    """End the retry of what is undone, where it still waits: it would keep the slot from the rollback."""
    found = draft.find_promotion(number)
    if found is not None and found[1].phase is Phase.WAITING:
        waiting.close(draft, found[1], Phase.ABORTED, f"rolled back by {person.name}")
    return draft.release(release.version)


def _undone(draft: Draft, name: str, live: Deployed) -> tuple[Version, int]:
    # Where what is live is not known, the one that left it so keeps the slot, and is the one that is undone.
    slot = draft.environment(name).slot
    if slot is not None and draft.environment(name).unknown:
        return Version.parse(slot.version), slot.promotion
    return live.artifact.version, live.promotion
