"""Questions to people: put, kept in step with the rule and with what would be deployed, put again, and remembered."""

from __future__ import annotations

from shared.domain.charts.manifests import Finding
from shared.domain.charts.undone import not_undone_sentence
from shared.domain.drafts.draft import Draft
from shared.domain.gating.approval import closing, counting, rendered_inputs, request_id
from shared.domain.messages.effects import AskApproval
from shared.domain.policies.policy import EnvironmentPolicy
from shared.domain.state.promotion import ApprovalRequest, Promotion, Rendered
from shared.domain.state.release import ClosedRequest, EnvironmentState, Release
from shared.domain.values.records import replace
from shared.domain.values.words import counted

CLOSED_KEPT = 10


def in_step(draft: Draft, release: Release, promotion: Promotion, policy: EnvironmentPolicy) -> Promotion:
    """Keep the request that was put, and the answers to it, in step with the rule in force and what was read."""
    request, rule = promotion.approval, policy.approval
    if request is None or release.artifact is None:
        return promotion
    if rule is None:
        reason = f"{promotion.environment} asks for no approval any more"
        remember(draft, promotion, request.id, reason)
        draft.emit(closing(draft.service, promotion.number, request, reason))
        return draft.keep(replace(promotion, approval=None, asked=request.round))
    if request.inputs != rendered_inputs(promotion):
        return _void(draft, release, promotion, request)
    wanted, votes = request_id(release.artifact, promotion, policy), counting(rule, release, promotion, request.votes)
    if wanted == request.id and votes == request.votes:
        return promotion
    where, enough = f"{release.version.tag} {promotion.environment}", len(votes) >= rule.minimum
    if wanted == request.id:
        draft.note(f"{where}: {counted(len(request.votes) - len(votes), 'vote')} lost")
        if request.granted is None or enough:
            return draft.keep(replace(promotion, approval=replace(request, votes=votes)))
        request = replace(request, votes=votes, granted=None, asked=draft.now, round=request.round + 1)
        draft.emit(_asking(draft, promotion, request))
        return draft.keep(replace(promotion, approval=request))
    remember(draft, promotion, request.id, f"the approval rule changed; request {wanted} replaced this one")
    draft.emit(closing(draft.service, promotion.number, request, "the approval rule changed"))
    draft.note(f"{where}: the approval rule changed, {counted(len(votes), 'vote')} kept")
    granted = (request.granted or draft.now) if enough else None
    replaced = (*request.replaced, request.id)
    round_ = request.round + 1
    request = replace(
        request, id=wanted, asked=draft.now, votes=votes, granted=granted, round=round_, replaced=replaced
    )
    if granted is None:
        draft.emit(_asking(draft, promotion, request))
    return draft.keep(replace(promotion, approval=request))


def _void(draft: Draft, release: Release, promotion: Promotion, request: ApprovalRequest) -> Promotion:
    """Drop a question whose answers were to something else than what would be deployed now; people are asked again."""
    reason = (promotion.rendered and promotion.rendered.changed) or "what would be deployed changed"
    remember(draft, promotion, request.id, f"{reason}; people are asked again about what would be deployed now")
    draft.emit(closing(draft.service, promotion.number, request, reason))
    lost = f", {counted(len(request.votes), 'vote')} void" if request.votes else ""
    draft.note(f"{release.version.tag} {promotion.environment}: {reason}{lost}; people are asked again")
    return draft.keep(replace(promotion, approval=None, asked=request.round))


def ask_people(draft: Draft, release: Release, promotion: Promotion, policy: EnvironmentPolicy) -> Promotion:
    """Put the question, or put it again after an approval lapsed; what is open already stays."""
    old, rule = promotion.approval, policy.approval
    if rule is None or release.artifact is None or (old is not None and old.granted is None):
        return promotion
    if old is None:
        request = ApprovalRequest(
            id=request_id(release.artifact, promotion, policy),
            inputs=rendered_inputs(promotion),
            asked=draft.now,
            round=promotion.asked + 1,
        )
    else:
        request = replace(old, votes=(), granted=None, asked=draft.now, round=old.round + 1)
        draft.note(f"{release.version.tag} {promotion.environment}: the approval lapsed and is asked again")
    draft.emit(_asking(draft, promotion, request))
    draft.moves += 1
    deadline = draft.now + rule.expires
    return draft.keep(replace(promotion, approval=request, deadline=deadline, paused_since=None))


def _asking(draft: Draft, promotion: Promotion, request: ApprovalRequest) -> AskApproval:
    return AskApproval(service=draft.service, number=promotion.number, request=request.id, round=request.round)


def remember(draft: Draft, promotion: Promotion, request: str, reason: str) -> None:
    """Keep what to tell whoever still answers, when the release has ended by then."""
    environment = draft.environment(promotion.environment)
    others = tuple(one for one in environment.closed if one.id != request)
    closed = (ClosedRequest(id=request, reason=reason), *others)[:CLOSED_KEPT]
    draft.put_environment(replace(environment, closed=closed))


def changes_of(environment: EnvironmentState, release: Release, promotion: Promotion) -> tuple[str, ...]:
    """Say for people what a promotion changes: what takes the place of what, why they are asked again, and what stays for good."""
    live = environment.live
    new = f"{release.version.tag} of {release.commit[:12]}"
    was = "nothing"
    if live is not None:
        of = f"of {live.artifact.commit[:12]}" if live.artifact.commit else "that was adopted"
        was = f"{live.artifact.version.tag} {of}"
    rendered = promotion.rendered or Rendered(inputs="")
    drift = "; ".join(f"{one.object} {one.field}: {one.problem}" for one in _drift(promotion))
    more = (
        f"asked again: {rendered.changed}" if rendered.changed else "",
        f"will be taken back: {drift}" if drift else "",
        not_undone_sentence(rendered.not_undone),
    )
    return (f"{new} takes the place of {was}", *filter(None, more))


def _drift(promotion: Promotion) -> tuple[Finding, ...]:
    return promotion.facts.drift if promotion.facts is not None else ()
