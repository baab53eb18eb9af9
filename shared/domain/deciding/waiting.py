"""Waiting: one question asked again whenever something changes. Do all gates pass now?"""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.domain.deciding import running
from shared.domain.drafts.draft import Draft
from shared.domain.gating import asking, gate_rules
from shared.domain.gating.approval import closing
from shared.domain.gating.gate import GateQuestion, Result, Status
from shared.domain.gating.gates import TIME, Gate, evaluate, result_of
from shared.domain.messages.effects import GatherFacts
from shared.domain.policies.policy import EnvironmentPolicy, Queueing
from shared.domain.state.phases import Phase, PromotionKind
from shared.domain.state.promotion import Presence, Promotion
from shared.domain.state.release import Release
from shared.domain.values.records import replace

# Clocks of hosts that are looked after differ by less; one that is set back further is noticed.
CLOCKS_APART = timedelta(minutes=10)
ASK_AGAIN = timedelta(minutes=10)
TROUBLED = timedelta(minutes=2)
DEFAULT_EXPIRY = timedelta(days=7)
ROLLBACK_BEGINS = timedelta(hours=2)


def question(draft: Draft, release: Release, promotion: Promotion, policy: EnvironmentPolicy) -> GateQuestion:
    """Put together what the gates of a promotion look at."""
    environment = draft.environment(promotion.environment)
    return GateQuestion(draft=draft, policy=policy, environment=environment, release=release, promotion=promotion)


def step(draft: Draft, release: Release, promotion: Promotion, policy: EnvironmentPolicy) -> None:
    """Start the promotion if every gate passes, end it if its time is over, else note what it waits for."""
    forward = promotion.kind is PromotionKind.FORWARD
    newer = _newer_waiting(draft, release, promotion) if forward else None
    if newer is not None:
        close(draft, promotion, Phase.SUPERSEDED, f"{newer.version.tag} waits for {promotion.environment} too")
        return
    if overtaken(draft, promotion):
        close(draft, promotion, Phase.SUPERSEDED, f"{_live_now(draft, promotion)} in {promotion.environment} meanwhile")
        return
    promotion = _with_time(draft, asking.in_step(draft, release, _of_now(draft, promotion), policy), policy)
    overdue = promotion.deadline is not None and promotion.paused_since is None and draft.now >= promotion.deadline
    if overdue and promotion.kind is not PromotionKind.ROLLBACK:
        close(draft, promotion, Phase.EXPIRED, f"nobody acted in time: {promotion.reason}")
        return
    results = evaluate(question(draft, release, promotion, policy))
    open_gates = {gate: result for gate, result in results.items() if result.status is not Status.PASSED}
    if not open_gates:
        _start(draft, release, promotion, policy)
        return
    if overdue:
        running.fail_rollback(draft, promotion, f"it could not begin in time: {next(iter(open_gates.values())).reason}")
        return
    if open_gates.keys() & {Gate.FACTS, Gate.FRESH}:
        promotion = _ask_facts(draft, promotion)
    # While somebody is unknown nobody can say yes; they can say no, and see what an operator has to answer for.
    if Gate.APPROVAL in open_gates and not open_gates.keys() - TIME - {Gate.APPROVAL, Gate.AUTHORS}:
        promotion = asking.ask_people(draft, release, promotion, policy)
    _note_reason(draft, promotion, next(iter(open_gates.values())))


def _of_now(draft: Draft, promotion: Promotion) -> Promotion:
    """Forget facts of a time to come: by a clock that was set back since, they would be fresh for as long as it was, and longer."""
    if promotion.facts is not None and promotion.facts.at - draft.now > CLOCKS_APART:
        return draft.keep(replace(promotion, facts=None, facts_asked=None))
    return promotion


def overtaken(draft: Draft, promotion: Promotion) -> bool:
    """Whether something else went live since, so that a redeploy, or a step to resume, means nothing any more."""
    if promotion.kind is PromotionKind.REDEPLOY:
        before = promotion.target
    elif promotion.resume_at is not None:
        before = promotion.previous
    else:
        return False
    live = draft.environment(promotion.environment).live
    return (live and live.artifact.id) != (before and before.artifact.id)


def _live_now(draft: Draft, promotion: Promotion) -> str:
    live = draft.environment(promotion.environment).live
    return f"{live.artifact.version.tag} went live" if live else "nothing is live"


def _note_reason(draft: Draft, promotion: Promotion, first: Result) -> None:
    _, current = draft.promotion(promotion.number)
    if current.reason != first.reason:
        draft.keep(replace(current, reason=first.reason))
        release, _ = draft.promotion(promotion.number)
        draft.note(f"{release.version.tag} {promotion.environment} #{promotion.number} waits: {first.reason}")


def _start(draft: Draft, release: Release, promotion: Promotion, policy: EnvironmentPolicy) -> None:
    if promotion.approval is not None:
        reason = f"promotion {promotion.number} of {release.version.tag} was approved and has started"
        asking.remember(draft, promotion, promotion.approval.id, reason)
    if promotion.kind is not PromotionKind.ROLLBACK:
        running.start(draft, promotion, policy)
        return
    read = promotion.facts
    wanted = gate_rules.wanted_targets(question(draft, release, promotion, policy))
    target = next((one for one in wanted if read and read.presence(one.promotion) is not Presence.GONE), None)
    if target is None:
        gone = ", ".join(one.artifact.version.tag for one in wanted) or "no earlier version"
        running.fail_rollback(draft, promotion, f"nothing to go back to: {gone} cannot be had any more")
        return
    running.start(draft, draft.keep(replace(promotion, target=target)), policy)


def _newer_waiting(draft: Draft, release: Release, promotion: Promotion) -> Release | None:
    if draft.policy is None or draft.policy.queueing is not Queueing.LATEST_ONLY or promotion.resume_at is not None:
        return None
    for other, one in draft.promotions():
        same = one.environment == promotion.environment and one.kind is PromotionKind.FORWARD
        newer = other.version.line == release.version.line and other.version.key() > release.version.key()
        if same and newer and one.phase is Phase.WAITING:
            return other
    return None


def obstructed(draft: Draft, promotion: Promotion, release: Release, policy: EnvironmentPolicy) -> Result | None:
    """Return the hold or freeze that stands in the way of the next step, overrides applied."""
    asked = question(draft, release, promotion, policy)
    for gate in (Gate.HOLD, Gate.FREEZE):
        result = result_of(asked, gate)
        if result.status is not Status.PASSED:
            return result
    return None


def pause(draft: Draft, promotion: Promotion, *, stopped: bool) -> Promotion:
    """Let the deadline stand still while held or frozen: it moves on by the time that was spent so."""
    if stopped and promotion.paused_since is None:
        return draft.keep(replace(promotion, paused_since=draft.now))
    if not stopped and promotion.paused_since is not None:
        lost = draft.now - promotion.paused_since
        deadline = promotion.deadline and promotion.deadline + lost
        writing = promotion.writing_until and promotion.writing_until + lost
        return draft.keep(replace(promotion, paused_since=None, deadline=deadline, writing_until=writing))
    return promotion


def _with_time(draft: Draft, promotion: Promotion, policy: EnvironmentPolicy) -> Promotion:
    if promotion.kind is PromotionKind.ROLLBACK:
        # Nothing pauses it: no hold keeps it, so none excuses it.
        begins = promotion.created + ROLLBACK_BEGINS
        return promotion if promotion.deadline == begins else draft.keep(replace(promotion, deadline=begins))
    if promotion.deadline is None:
        expires = policy.approval.expires if policy.approval else DEFAULT_EXPIRY
        promotion = draft.keep(replace(promotion, deadline=draft.now + expires))
    release, _ = draft.promotion(promotion.number)
    return pause(draft, promotion, stopped=obstructed(draft, promotion, release, policy) is not None)


def ask_again(promotion: Promotion, asked: datetime) -> datetime:
    """When facts are asked for once more: sooner where the question came to nothing."""
    return asked + (TROUBLED if promotion.trouble else ASK_AGAIN)


def _ask_facts(draft: Draft, promotion: Promotion) -> Promotion:
    asked = promotion.facts_asked
    # What was asked at a time to come was asked before the clock was set back; its hint may be far off.
    if asked is not None and abs(draft.now - asked) < ask_again(promotion, asked) - asked:
        return promotion
    number = promotion.facts_round + 1
    draft.emit(GatherFacts(service=draft.service, number=promotion.number, asked=number))
    # Unlike a move it changes nothing for others, nor for this promotion until the answer comes.
    draft.questions += 1
    return draft.keep(replace(promotion, facts_asked=draft.now, facts_round=number))


def close(draft: Draft, promotion: Promotion, phase: Phase, reason: str) -> Promotion:
    """End a promotion that has not started, or send it back, and withdraw its question."""
    if promotion.approval is not None:
        release, _ = draft.promotion(promotion.number)
        said = f"promotion {promotion.number} of {release.version.tag} is {phase}: {reason}"
        asking.remember(draft, promotion, promotion.approval.id, said)
        draft.emit(closing(draft.service, promotion.number, promotion.approval, f"{phase}: {reason}"))
    moved = draft.move(promotion, phase, reason)
    if phase is not Phase.PENDING or moved.approval is None:
        return moved
    return draft.keep(replace(moved, approval=None, asked=moved.approval.round))
