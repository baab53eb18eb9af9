"""After every event: let everything move that can, until nothing does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from enum import Enum

from shared.domain import running, waiting
from shared.domain.draft import Draft
from shared.domain.endings import settle_release
from shared.domain.errors import SlipwayError
from shared.domain.overdue import settle_builds
from shared.domain.phases import Phase, PromotionKind
from shared.domain.policy import EnvironmentPolicy
from shared.domain.promotion import Promotion
from shared.domain.release import Release

PENDING_EXPIRY = timedelta(days=30)
_ROUNDS = 100


class Unsettled(SlipwayError):
    """The rules chase each other: a defect. Nothing was changed."""


def advance(draft: Draft) -> None:
    """Ask every open promotion what it can do now, rollbacks first, then in order of their numbers."""
    settle_builds(draft)
    for _ in range(_ROUNDS):
        before = draft.moves
        for number in _turns(draft):
            release, promotion = draft.get(number)
            if not promotion.phase.ended:
                _step(draft, release, promotion)
        for release in list(draft.releases.values()):
            settle_release(draft, release)
        if draft.moves == before:
            return
    raise Unsettled(f"{draft.service} does not settle after {_ROUNDS} rounds")


def _turns(draft: Draft) -> list[int]:
    open_ones = [promotion for _, promotion in draft.promotions()]
    open_ones.sort(key=lambda one: (one.kind is not PromotionKind.ROLLBACK, one.number))
    return [one.number for one in open_ones]


def _step(draft: Draft, release: Release, promotion: Promotion) -> None:
    rules = draft.rules(promotion)
    if rules is None and promotion.kind is not PromotionKind.ROLLBACK:
        waiting.close(draft, promotion, Phase.ABORTED, _left(draft, promotion))
    elif rules is None:
        running.fail_rollback(draft, promotion, _left(draft, promotion))
    elif promotion.phase is Phase.PENDING:
        _pending(draft, release, promotion, rules)
    elif promotion.phase is Phase.WAITING:
        _waiting(draft, release, promotion, rules)
    elif promotion.phase is Phase.RETAGGING:
        _retagging(draft, release, promotion, rules)
    elif promotion.deadline is not None and draft.now >= promotion.deadline:
        _overdue(draft, promotion)


def _left(draft: Draft, promotion: Promotion) -> str:
    if draft.policy is None:
        return f"{draft.service.service} left the configuration"
    return f"environment {promotion.environment} left the configuration"


class _Before(Enum):
    REACHED = "reached"
    UNDER_WAY = "under way"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


def _before(release: Release, name: str) -> _Before:
    """Where an environment that comes before stands: succeeded there, and not rolled back since."""
    latest = release.latest(name)
    if latest is None or not (latest.phase.ended or latest.kind is PromotionKind.ROLLBACK):
        return _Before.UNDER_WAY
    if latest.phase is Phase.SUCCEEDED:
        return _Before.REACHED
    earlier = [one for one in release.promotions if one.environment == name and one.kind is not PromotionKind.ROLLBACK]
    if latest.kind is PromotionKind.ROLLBACK and earlier[-1:] and earlier[-1].phase is Phase.SUCCEEDED:
        return _Before.WITHDRAWN
    return _Before.ENDED


def _pending(draft: Draft, release: Release, promotion: Promotion, rules: EnvironmentPolicy) -> None:
    standing = {name: _before(release, name) for name in rules.after}
    ended = next((name for name, one in standing.items() if one is _Before.ENDED), None)
    if ended is not None:
        latest = release.latest(ended)
        word = latest.phase if latest else ""
        draft.move(promotion, Phase.SKIPPED, f"{ended} ended {word}")
    elif promotion.deadline is not None and draft.now >= promotion.deadline:
        draft.move(promotion, Phase.EXPIRED, f"{', '.join(rules.after)} did not succeed in time")
    elif all(one is _Before.REACHED for one in standing.values()):
        draft.move(promotion, Phase.WAITING, "")
    else:
        open_names = [name for name, one in standing.items() if one is not _Before.REACHED]
        rolled = [name for name, one in standing.items() if one is _Before.WITHDRAWN]
        reason = (
            f"{rolled[0]} was rolled back; promote it there again" if rolled else f"comes after {', '.join(open_names)}"
        )
        deadline = promotion.deadline or draft.now + PENDING_EXPIRY
        if (reason, deadline) != (promotion.reason, promotion.deadline):
            draft.keep(replace(promotion, reason=reason, deadline=deadline))


def _waiting(draft: Draft, release: Release, promotion: Promotion, rules: EnvironmentPolicy) -> None:
    if promotion.kind is PromotionKind.FORWARD and promotion.resume_at is None:
        lost = next((name for name in rules.after if _before(release, name) is not _Before.REACHED), None)
        if lost is not None:
            waiting.close(draft, promotion, Phase.PENDING, f"{lost} was rolled back")
            return
    waiting.step(draft, release, promotion, rules)


def _retagging(draft: Draft, release: Release, promotion: Promotion, rules: EnvironmentPolicy) -> None:
    stopped = waiting.obstructed(draft, promotion, release, rules)
    promotion = waiting.pause(draft, promotion, stopped=stopped is not None)
    if promotion.deadline is not None and promotion.paused_since is None and draft.now >= promotion.deadline:
        _overdue(draft, promotion)
    elif promotion.retagged and stopped is None:
        running.begin(draft, promotion.number, Phase.DEPLOYING)
    elif promotion.retagged and stopped is not None and promotion.reason != stopped.reason:
        draft.keep(replace(promotion, reason=stopped.reason))
        draft.note(f"{release.version.tag} {promotion.environment} #{promotion.number} waits: {stopped.reason}")


def _overdue(draft: Draft, promotion: Promotion) -> None:
    # A rollout that never gets healthy is the release's fault; a step that never reports is ours.
    fault = Phase.FAILED if promotion.phase is Phase.VERIFYING else Phase.ERRORED
    what = "the rollout was not healthy" if fault is Phase.FAILED else f"{promotion.phase.lower()} did not report"
    running.fail(draft, promotion, fault, f"{what} in time", changed=promotion.phase is not Phase.RETAGGING)
