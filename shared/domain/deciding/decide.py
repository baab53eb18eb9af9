"""Deciding: a state and an event give the next state and what it asks of the world. Nothing else is touched."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from shared.domain.deciding import (
    abort,
    adopting,
    building,
    changes,
    operating,
    poisoned,
    reporting,
    rollback,
    tagging,
    tags,
    withdrawing,
)
from shared.domain.deciding.advance import advance
from shared.domain.deciding.next_look import next_look
from shared.domain.drafts.answers import Answer, done, ignored
from shared.domain.drafts.decision import Decision, Outcome
from shared.domain.drafts.draft import Draft
from shared.domain.messages import events
from shared.domain.state.estate import Estate
from shared.domain.state.release import ServiceState
from shared.domain.values.errors import InvalidVersion


def decide(
    state: ServiceState,
    event: events.ServiceEvent,
    *,
    estate: Estate,
    now: datetime,
    correlation: str = "",
    sequence: int = 0,
) -> Decision:
    """Say where the service goes next and what that asks of the world.

    A release that begins keeps the correlation; `sequence` is that of the entry which the ledger will have of it. Raise ReleaseNotLoaded where an ended release is needed that the state does not hold.
    """
    draft = Draft(state, estate, now, correlation, sequence)
    try:
        answer = _answer(draft, event)
    except InvalidVersion as error:
        answer = Answer(outcome=Outcome.REFUSED, code="bad-version", reason=str(error))
    if answer.outcome is Outcome.NOTED:
        advance(draft)
    return _decision(state, draft, event, answer)


def _decision(state: ServiceState, draft: Draft, event: events.ServiceEvent, answer: Answer) -> Decision:
    after = draft.result() if answer.outcome is Outcome.NOTED else state
    outcome = answer.outcome
    if outcome is Outcome.NOTED and (draft.moves or draft.questions):
        outcome = Outcome.MOVED
    if isinstance(event, events.TimePassed) and after is state and not draft.effects:
        outcome = Outcome.NOTHING
    return Decision(
        state=after,
        outcome=outcome,
        effects=tuple(draft.effects),
        notes=tuple(draft.notes),
        code=answer.code,
        reason=answer.reason,
        about=answer.about,
        statuses=tuple(draft.statuses.values()),
        wake=next_look(draft),
    )


def _answer(draft: Draft, event: events.ServiceEvent) -> Answer:
    match event:
        case events.PolicyChanged():
            return changes.policy_changed(draft, event)
        case events.ServiceRemoved():
            return changes.service_removed(draft)
        case events.ChangeFound():
            return changes.change_found(draft, event)
        case events.PusherFound():
            return changes.pusher_found(draft, event)
        case events.BranchDeleted():
            return changes.branch_deleted(draft, event)
        case events.BuildStarted() | events.BuildEnded() | events.BuildReported():
            return _build_answer(draft, event)
        case (
            events.TagsRead()
            | events.ArtifactTagged()
            | events.TaggingFailed()
            | events.ArtifactAnnounced()
            | events.ArtifactWithdrawn()
        ):
            return _registry_answer(draft, event)
        case events.TimePassed():
            return done()
        case _:
            return _promotion_answer(draft, event)


def _build_answer(draft: Draft, event: events.BuildEvent) -> Answer:
    match event:
        case events.BuildStarted():
            return building.build_started(draft, event)
        case events.BuildEnded():
            return building.build_ended(draft, event)
        case events.BuildReported():
            return building.build_reported(draft, event)
        case _:
            assert_never(event)


def _registry_answer(draft: Draft, event: events.RegistryAnswer) -> Answer:
    match event:
        case events.TagsRead():
            return tags.tags_read(draft, event)
        case events.ArtifactTagged():
            return tagging.tagged(draft, event)
        case events.TaggingFailed():
            return tagging.failed(draft, event)
        case events.ArtifactAnnounced():
            return tags.artifact_announced(draft, event)
        case events.ArtifactWithdrawn():
            return withdrawing.artifact_withdrawn(draft, event)
        case _:
            assert_never(event)


def _promotion_answer(draft: Draft, event: events.PromotionEvent) -> Answer:
    match event:
        case events.FactsGathered():
            return reporting.facts_gathered(draft, event)
        case events.ApprovalAnswered():
            return reporting.approval_answered(draft, event)
        case events.ArtifactRetagged():
            return reporting.retagged(draft, event)
        case events.ArtifactDeployed():
            return reporting.deployed(draft, event)
        case events.RolloutObserved():
            return reporting.observed(draft, event)
        case events.EffectFailed():
            return reporting.effect_failed(draft, event)
        case events.EffectRefused():
            return ignored("misplaced", f"{event.refused}: {event.reason}")
        case events.MessagePoisoned():
            return poisoned.message_poisoned(draft, event)
        case _:
            return _request_answer(draft, event)


def _request_answer(draft: Draft, event: events.RequestEvent) -> Answer:
    match event:
        case events.PromoteRequested():
            return operating.promote(draft, event)
        case events.AbortRequested():
            return abort.abort(draft, event)
        case events.RetryRequested():
            return operating.retry(draft, event)
        case events.RedeployRequested():
            return rollback.redeploy(draft, event)
        case events.RollbackRequested():
            return rollback.roll_back(draft, event)
        case events.OverrideGranted():
            return operating.override(draft, event)
        case events.LiveAdopted():
            return adopting.adopt(draft, event)
        case events.ArtifactHoldLifted():
            return operating.lift_hold(draft, event)
        case _:
            assert_never(event)
