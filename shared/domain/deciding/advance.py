"""After every event: let everything move that can, until nothing does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from shared.domain.deciding import running, waiting
from shared.domain.deciding.overdue import settle_overdue
from shared.domain.drafts.draft import Draft
from shared.domain.drafts.endings import settle_release
from shared.domain.policies.policy import EnvironmentPolicy
from shared.domain.state.phases import Phase, PromotionKind
from shared.domain.state.progress import Progress, progress
from shared.domain.state.promotion import Promotion
from shared.domain.state.release import Release
from shared.domain.values.errors import SlipwayError
from shared.domain.values.records import replace

PENDING_EXPIRY = timedelta(days=30)
_ROUNDS = 100


class Unsettled(SlipwayError):
    """The rules chase each other: a defect. Nothing was changed."""


def advance(draft: Draft) -> None:
    """Ask every open promotion what it can do now, in order of their numbers."""
    settle_overdue(draft)
    asked: dict[int, int] = {}
    for _ in range(_ROUNDS):
        before = draft.moves
        for number in sorted([promotion.number for _, promotion in draft.promotions()]):
            # Where nothing has moved since it was asked, its own move included, it would answer the same.
            if asked.get(number) != draft.moves:
                asked[number] = draft.moves
                _step(draft, *draft.promotion(number))
        for release in list(draft.releases.values()):
            settle_release(draft, release)
        if draft.moves == before:
            return
    raise Unsettled(f"{draft.service} does not settle after {_ROUNDS} rounds")


def _step(draft: Draft, release: Release, promotion: Promotion) -> None:
    policy = draft.policy_of(promotion)
    if policy is None and promotion.kind is not PromotionKind.ROLLBACK:
        waiting.close(draft, promotion, Phase.ABORTED, _left(draft, promotion))
    elif policy is None:
        running.fail_rollback(draft, promotion, _left(draft, promotion))
    elif promotion.phase is Phase.PENDING:
        _pending(draft, release, promotion, policy)
    elif promotion.phase is Phase.WAITING:
        _waiting(draft, release, promotion, policy)
    elif promotion.phase is Phase.RETAGGING:
        _retagging(draft, release, promotion, policy)
    else:
        _applying(draft, release, promotion, policy)


def _left(draft: Draft, promotion: Promotion) -> str:
    if draft.policy is None:
        return f"{draft.service.service} left the configuration"
    return f"environment {promotion.environment} left the configuration"


def _pending(draft: Draft, release: Release, promotion: Promotion, policy: EnvironmentPolicy) -> None:
    before = {name: progress(release, name) for name in policy.after}
    ended = next((name for name, one in before.items() if one is Progress.ENDED), None)
    if ended is not None:
        draft.move(promotion, Phase.SKIPPED, f"{release.version.tag} did not succeed in {ended}")
    elif promotion.deadline is not None and draft.now >= promotion.deadline:
        draft.move(promotion, Phase.EXPIRED, f"{', '.join(policy.after)} did not succeed in time")
    elif all(one is Progress.REACHED for one in before.values()):
        draft.move(promotion, Phase.WAITING, "")
    else:
        reason = _comes_after(before)
        deadline = promotion.deadline or draft.now + PENDING_EXPIRY
        if (reason, deadline) != (promotion.reason, promotion.deadline):
            draft.keep(replace(promotion, reason=reason, deadline=deadline))


def _comes_after(before: Mapping[str, Progress]) -> str:
    rolled_back = next((name for name, one in before.items() if one is Progress.WITHDRAWN), None)
    if rolled_back is not None:
        return f"{rolled_back} was rolled back; promote it there again"
    return f"comes after {', '.join(name for name, one in before.items() if one is not Progress.REACHED)}"


def _waiting(draft: Draft, release: Release, promotion: Promotion, policy: EnvironmentPolicy) -> None:
    if promotion.kind is PromotionKind.FORWARD and promotion.resume_at is None:
        before = {name: progress(release, name) for name in policy.after}
        if any(one is not Progress.REACHED for one in before.values()):
            waiting.close(draft, promotion, Phase.PENDING, _comes_after(before))
            return
    waiting.step(draft, release, promotion, policy)


def _retagging(draft: Draft, release: Release, promotion: Promotion, policy: EnvironmentPolicy) -> None:
    stopped = waiting.obstructed(draft, promotion, release, policy)
    promotion = waiting.pause(draft, promotion, stopped=stopped is not None)
    overdue = promotion.deadline is not None and promotion.paused_since is None and draft.now >= promotion.deadline
    if overdue and not promotion.retagged:
        _overdue(draft, promotion)
    elif promotion.retagged and stopped is None:
        running.begin(draft, promotion.number, Phase.DEPLOYING)
    elif promotion.retagged and stopped is not None and promotion.reason != stopped.reason:
        draft.keep(replace(promotion, reason=stopped.reason))
        draft.note(f"{release.version.tag} {promotion.environment} #{promotion.number} waits: {stopped.reason}")


def _applying(draft: Draft, release: Release, promotion: Promotion, policy: EnvironmentPolicy) -> None:
    if promotion.phase is Phase.DEPLOYING and promotion.kind is not PromotionKind.ROLLBACK:
        # What was not written when a hold or freeze began is not written before it ends.
        stopped = waiting.obstructed(draft, promotion, release, policy) is not None
        promotion = waiting.pause(draft, promotion, stopped=stopped)
    if promotion.deadline is not None and promotion.paused_since is None and draft.now >= promotion.deadline:
        _overdue(draft, promotion)


def _overdue(draft: Draft, promotion: Promotion) -> None:
    # A rollout that never gets healthy is the release's fault; a step that never reports is ours.
    fault = Phase.FAILED if promotion.phase is Phase.VERIFYING else Phase.ERRORED
    what = "the rollout was not healthy" if fault is Phase.FAILED else f"{promotion.phase.lower()} did not report"
    running.fail(draft, promotion, fault, f"{what} in time", changed=promotion.phase is not Phase.RETAGGING)
