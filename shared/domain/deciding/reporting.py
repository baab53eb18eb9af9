"""What effects report of promotions, and what people answer. Only the current attempt's first result counts."""

from __future__ import annotations

from shared.domain.deciding import running, waiting
from shared.domain.drafts.answers import Answer, done, ignored, refused
from shared.domain.drafts.draft import Draft
from shared.domain.gating.approval import counting, is_approver, lapsed, objection, who_may
from shared.domain.messages.effects import GatherFacts
from shared.domain.messages.events import (
    ApprovalAnswered,
    ArtifactDeployed,
    ArtifactRetagged,
    EffectFailed,
    FactsGathered,
    RolloutObserved,
)
from shared.domain.policies.policy import ApprovalRule
from shared.domain.state import authorship
from shared.domain.state.phases import RUNNING, Phase
from shared.domain.state.promotion import ApprovalRequest, Promotion, Rendered, Vote
from shared.domain.values.records import replace


def _current(draft: Draft, number: int, attempt: int, phase: Phase) -> Promotion | None:
    found = draft.find_promotion(number)
    if found is None or found[1].attempt != attempt or found[1].phase is not phase:
        return None
    return found[1]


def _replaced(draft: Draft, number: int, attempt: int, what: str) -> Answer:
    found = draft.find_promotion(number)
    stands = f"is {found[1].phase} at attempt {found[1].attempt}" if found else "is not under way"
    return ignored("replaced", f"attempt {attempt} {what}, but promotion {number} {stands}")


def facts_gathered(draft: Draft, event: FactsGathered) -> Answer:
    """Keep what was read for a promotion that still waits."""
    found = draft.find_promotion(event.number)
    if found is None or found[1].phase is not Phase.WAITING:
        return ignored("late", f"promotion {event.number} does not wait any more")
    asked = GatherFacts(service=draft.service, number=event.number, asked=found[1].facts_round)
    if found[1].facts_asked is None or event.effect != asked.id:
        return ignored("replaced", f"promotion {event.number} does not wait for this reading any more")
    release, promotion = found
    facts = replace(event.facts, authors=authorship.with_known(event.facts.authors, promotion))
    if any(facts.authors.wrote(one) is None for one in authorship.who_answered(release, promotion)):
        # Somebody answered while this was read, and nobody has looked whether they wrote it; it is read once more.
        draft.keep(replace(promotion, facts_asked=None, trouble=""))
        return done()
    if event.rendered is not None:
        promotion = _rendered(promotion, event.rendered)
    draft.keep(replace(promotion, facts=facts, facts_asked=None, trouble=""))
    return done()


def _rendered(promotion: Promotion, rendered: Rendered) -> Promotion:
    """Keep what would be deployed. Where that is something else than was copied or written, no step is left to resume."""
    before = promotion.rendered
    if promotion.resume_at is None or before is None or before.inputs == rendered.inputs:
        return replace(promotion, rendered=rendered)
    return replace(promotion, rendered=rendered, resume_at=Phase.RETAGGING, retagged=False)


def _facts_failed(draft: Draft, promotion: Promotion, event: EffectFailed) -> Answer:
    """Keep why the outside cannot be read for a promotion that waits for it; it is asked again soon."""
    # The pause counts from now: trying may have taken longer than it is.
    draft.keep(replace(promotion, trouble=event.reason, facts_asked=draft.now))
    return done()


def retagged(draft: Draft, event: ArtifactRetagged) -> Answer:
    """Image and chart are where the environment reads them; it goes on unless held or frozen."""
    promotion = _current(draft, event.number, event.attempt, Phase.RETAGGING)
    if promotion is None or promotion.retagged:
        return _replaced(draft, event.number, event.attempt, "retagged")
    draft.keep(replace(promotion, retagged=True))
    how = f": {event.how}" if event.how else ""
    draft.note(f"{promotion.environment} #{promotion.number}: image and chart are copied{how}")
    return done()


def deployed(draft: Draft, event: ArtifactDeployed) -> Answer:
    """The deployment was written; its rollout is watched."""
    promotion = _current(draft, event.number, event.attempt, Phase.DEPLOYING)
    if promotion is None:
        return _wrote(draft, event.number, event.attempt, "deployed")
    for healed in event.healed:
        draft.note(f"{promotion.environment} #{promotion.number}: {healed}")
    if event.unchanged:
        draft.note(f"{promotion.environment} #{promotion.number}: nothing had to change")
    kept = draft.keep(replace(promotion, revision=event.revision, unchanged=event.unchanged, writing_until=None))
    running.begin(draft, kept.number, Phase.VERIFYING)
    return done()


def _wrote(draft: Draft, number: int, attempt: int, what: str) -> Answer:
    # A report of an attempt that was given up still says that it can no longer write.
    found = draft.find_promotion(number)
    if found is not None and found[1].writing_until is not None and found[1].attempt == attempt:
        draft.keep(replace(found[1], writing_until=None))
        draft.note(f"{found[1].environment} #{number} {what} after it had ended; it writes no more")
        return done()
    return _replaced(draft, number, attempt, what)


def observed(draft: Draft, event: RolloutObserved) -> Answer:
    """The rollout settled: the promotion has succeeded, or failed and is undone."""
    promotion = _current(draft, event.number, event.attempt, Phase.VERIFYING)
    if promotion is None:
        return _replaced(draft, event.number, event.attempt, "observed")
    if event.beside:
        draft.note(
            f"{promotion.environment} #{promotion.number}: beside what was deployed run {'; '.join(event.beside)}"
        )
    if event.healthy:
        running.succeed(draft, promotion)
    else:
        kept = draft.keep(replace(promotion, evidence=event.evidence))
        running.fail(draft, kept, Phase.FAILED, event.reason, changed=True)
    return done()


def effect_failed(draft: Draft, event: EffectFailed) -> Answer:
    """A step came to nothing: the release's fault ends in Failed, ours in Errored."""
    found = draft.find_promotion(event.number)
    if event.effect == GatherFacts(service=draft.service, number=event.number, asked=event.attempt).id:
        waits = found is not None and found[1].phase is Phase.WAITING and found[1].facts_asked is not None
        if found is None or not waits or found[1].facts_round != event.attempt:
            return ignored("replaced", f"promotion {event.number} does not wait for this reading any more")
        return _facts_failed(draft, found[1], event)
    if found is None or found[1].phase not in RUNNING or running.effect_of(draft, found[1]).id != event.effect:
        return _wrote(draft, event.number, event.attempt, f"failed ({event.reason})")
    promotion = draft.keep(replace(found[1], writing_until=None))
    phase = Phase.ERRORED if event.ours else Phase.FAILED
    running.fail(draft, promotion, phase, event.reason, changed=event.changed)
    return done()


def approval_answered(draft: Draft, event: ApprovalAnswered) -> Answer:
    """Count a person's answer to an open request; any rejection ends it."""
    for _, promotion in list(draft.promotions()):
        request, policy = promotion.approval, draft.policy_of(promotion)
        rule = policy.approval if policy else None
        if (
            promotion.phase is Phase.WAITING
            and request is not None
            and rule is not None
            and request.id == event.request
        ):
            return _answer(draft, promotion, request, rule, event)
    return refused("approval-closed", _closed(draft, event.request))


def _closed(draft: Draft, request: str) -> str:
    for release in draft.releases.values():
        for promotion in release.promotions:
            found = promotion.approval
            if found is None:
                continue
            if request in found.replaced:
                return f"the approval rule changed; request {found.id} replaced this one"
            if request == found.id:
                why = f": {promotion.reason}" if promotion.reason else ""
                return f"promotion {promotion.number} of {release.version.tag} is {promotion.phase}{why}"
    for environment in draft.environments.values():
        for closed in environment.closed:
            if closed.id == request:
                return closed.reason
    return f"request {request[:12]} is not open; look at the release for what it waits for now"


def _answer(
    draft: Draft, promotion: Promotion, request: ApprovalRequest, rule: ApprovalRule, event: ApprovalAnswered
) -> Answer:
    release, _ = draft.promotion(promotion.number)
    vote = Vote(person=event.person, groups=event.groups, at=draft.now, comment=event.comment)
    if not event.approve:
        if not is_approver(rule, event.person, event.groups):
            reason = f"{event.person.name} is not an approver of {promotion.environment}; it takes {who_may(rule)}"
            return refused("not-an-approver", reason)
        comment = f": {event.comment}" if event.comment else ""
        waiting.close(draft, promotion, Phase.REJECTED, f"rejected by {event.person.name}{comment}")
        return done(str(promotion.number))
    if authorship.changed_since(promotion, event.authors):
        return refused("authors-changed", authorship.CHANGED)
    if lapsed(rule, promotion, draft.now):
        return refused(
            "approval-lapsed",
            f"the approval lapsed; it is asked again when nothing else stands in the way: {promotion.reason}",
        )
    promotion = authorship.looked_up(promotion, event.person, wrote=event.wrote)
    against = objection(rule, vote, release, promotion)
    if against is not None:
        return refused(against.code, against.reason)
    if any(one.person.is_same(event.person) for one in request.votes):
        return ignored("known", f"{event.person.name} has approved this already", str(promotion.number))
    votes = counting(rule, release, promotion, (*request.votes, vote))
    granted = request.granted or (draft.now if len(votes) >= rule.minimum else None)
    draft.keep(replace(promotion, approval=replace(request, votes=votes, granted=granted)))
    comment = f": {event.comment}" if event.comment else ""
    draft.note(f"{promotion.environment} #{promotion.number} approved by {event.person.name}{comment}")
    return done(str(promotion.number))
