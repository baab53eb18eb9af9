"""Deploying what was good before: redeploy and rollback, as people ask for them."""

from __future__ import annotations

from dataclasses import replace

from shared.domain import running
from shared.domain.answers import Answer, done, refused
from shared.domain.draft import Draft
from shared.domain.events import RedeployRequested, RollbackRequested
from shared.domain.lookup import earlier_good, known_environment, reopen
from shared.domain.names import Person
from shared.domain.phases import RUNNING, Phase, PromotionKind
from shared.domain.promotion import Deployed, Promotion
from shared.domain.release import Release
from shared.domain.version import Version


def redeploy(draft: Draft, event: RedeployRequested) -> Answer:
    """Deploy what is live again; an older good version is a rollback, any other has to be promoted."""
    rules = known_environment(draft, event.environment)
    if isinstance(rules, Answer):
        return rules
    environment = draft.environment(rules.name)
    live = environment.live
    if live is None:
        return refused("nothing-live", f"nothing is live in {rules.name}; promote a release")
    wanted = event.version or live.artifact.version.text
    if wanted != live.artifact.version.text:
        if earlier_good(environment.good, wanted) is None:
            return refused("never-succeeded", f"{wanted} has not succeeded in {rules.name}; promote it")
        return _roll_back(draft, rules.name, wanted, f"redeploy of {wanted}", event.person)
    release = draft.release(live.artifact.version.key())
    if release is None:
        return refused("unknown-release", f"there is no release {wanted} of {draft.service.service}")
    latest = release.latest(rules.name)
    if latest is not None and not latest.phase.ended:
        return refused("under-way", f"promotion {latest.number} to {rules.name} is {latest.phase} already")
    number = _add_redeploy(draft, release, rules.name, live, event.person)
    return done(str(number))


def _add_redeploy(draft: Draft, release: Release, environment: str, live: Deployed, person: Person) -> int:
    cause = f"redeployed by {person.name}"
    current = reopen(draft, release, cause)
    number = draft.next_promotion()
    promotion = Promotion(
        number=number,
        environment=environment,
        kind=PromotionKind.REDEPLOY,
        phase=Phase.WAITING,
        since=draft.now,
        created=draft.now,
        cause=cause,
        requested_by=person,
        target=live,
    )
    draft.put(replace(current, promotions=(*current.promotions, promotion)))
    draft.moves += 1
    draft.note(f"{release.version.tag} {environment} #{number} redeploy: Waiting ({cause})")
    return number


def roll_back(draft: Draft, event: RollbackRequested) -> Answer:
    """Go back at once; what is being deployed there is aborted and undone."""
    environment = draft.environments.get(event.environment)
    if environment is None:
        return refused("unknown-environment", f"nothing was ever deployed to {event.environment}")
    for _, promotion in list(draft.promotions()):
        if promotion.environment != event.environment or promotion.phase not in RUNNING:
            continue
        if promotion.kind is PromotionKind.ROLLBACK:
            return refused("rolling-back", f"rollback {promotion.number} of {event.environment} is under way already")
        if not event.to and environment.live is not None and promotion.phase is not Phase.RETAGGING:
            running.fail(
                draft,
                promotion,
                Phase.ABORTED,
                f"rolled back by {event.person.name}: {event.reason}",
                changed=True,
            )
            return done(str(draft.numbers.promotion))
    return _roll_back(draft, event.environment, event.to, event.reason, event.person)


def _roll_back(draft: Draft, name: str, to: str, reason: str, person: Person) -> Answer:
    environment = draft.environment(name)
    live = environment.live
    if live is None:
        return refused("nothing-live", f"nothing is live in {name}; there is nothing to roll back")
    waiting = [one for _, one in draft.promotions() if one.kind is PromotionKind.ROLLBACK and one.environment == name]
    if waiting:
        return refused("rolling-back", f"rollback {waiting[0].number} of {name} is under way already")
    earlier = tuple(one for one in environment.good if one.artifact.id != live.artifact.id)
    if environment.unknown:
        earlier = environment.good
    target = earlier_good(earlier, to) if to else None
    if to and target is None:
        known = ", ".join(one.artifact.version.text for one in earlier) or "none"
        return refused("no-such-target", f"{to} is not an earlier good version of {name}; there is {known}")
    if not earlier:
        return refused(
            "no-target",
            f"{live.artifact.version.tag} is the first version of {name}; there is none to go back to",
        )
    undone = _undone(draft, name, live)
    if undone is None:
        return refused("unknown-release", f"there is no release of {live.artifact.version.tag} to undo")
    current = reopen(draft, undone, f"rolled back by {person.name}: {reason}")
    cause = f"{reason} ({person.name})"
    bad = undone.artifact is not None and (target or earlier[0]).artifact.id != undone.artifact.id
    added = running.add_rollback(
        draft, current, name, cause=cause, undoes=live.promotion, hold=bad, person=person, target=target
    )
    return done(str(added.number))


def _undone(draft: Draft, name: str, live: Deployed) -> Release | None:
    # After a failed rollback the release whose rollback keeps the slot is the one that is undone.
    slot = draft.environment(name).slot
    if slot is not None and draft.environment(name).unknown:
        return draft.release(Version.parse(slot.version).key())
    return draft.release(live.artifact.version.key())
