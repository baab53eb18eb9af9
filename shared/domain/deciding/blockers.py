"""Why a release stands where it stands: what it waits for, since when, and who can act."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from shared.domain.deciding import waiting
from shared.domain.deciding.overdue import release_deadline
from shared.domain.drafts.draft import Draft
from shared.domain.gating import gates
from shared.domain.gating.gate import OPERATORS, OURSELVES
from shared.domain.gating.gates import Blocker, Gate
from shared.domain.state.estate import Estate
from shared.domain.state.phases import Phase, PromotionKind, ReleasePhase
from shared.domain.state.progress import Progress, progress
from shared.domain.state.promotion import Promotion
from shared.domain.state.release import Release, ServiceState

_BUILDER = "the builder"
_DOING: Mapping[Phase, str] = {
    Phase.RETAGGING: "is copied into the registry namespace of",
    Phase.DEPLOYING: "is being deployed to",
    Phase.VERIFYING: "settles in",
    Phase.AWAITING_SWITCH: "waits to be switched to in",
    Phase.SWITCHING: "is being switched to in",
}


def why(state: ServiceState, release: Release, *, estate: Estate, now: datetime) -> tuple[Blocker, ...]:
    """Return what an open release waits for, in the order of its promotions; nothing for one that has ended.

    The first blocker of a promotion is the reason that it shows. Whatever is open has a blocker, and each names who can act.
    """
    if release.phase.ended:
        return ()
    if release.phase is not ReleasePhase.PACKAGED:
        return (_unpackaged(release),)
    found = tuple(one for blockers in by_promotion(state, release, estate=estate, now=now).values() for one in blockers)
    return found or tuple(_may_still_write(Draft(state, estate, now), release))


def by_promotion(
    state: ServiceState, release: Release, *, estate: Estate, now: datetime
) -> Mapping[int, tuple[Blocker, ...]]:
    """Return what each promotion that is under way waits for, by its number.

    Two of one release may be under way in one environment: one that waits, and the rollback that goes before it.
    """
    draft = Draft(state, estate, now)
    return {one.number: tuple(_of(draft, release, one)) for one in release.promotions if not one.phase.ended}


def _unpackaged(release: Release) -> Blocker:
    run, tagging, tag = release.build, release.tagging, release.version.tag
    if run is not None:
        reason, since = f"build {run.number} of {run.commit[:12]} runs", run.since
    elif tagging is not None:
        reason, since = f"{tag} is built; its tags are being put", tagging.since
    else:
        reason, since = f"the registry is asked whether {tag} exists", release.since
    return Blocker(
        environment="",
        gate=release.phase.lower(),
        code=release.phase,
        reason=reason,
        since=since,
        who=(_BUILDER if run else OURSELVES,),
        until=release_deadline(release),
        waiting=True,
    )


def _of(draft: Draft, release: Release, promotion: Promotion) -> Iterator[Blocker]:
    if promotion.phase is Phase.PENDING:
        yield from _comes_after(draft, release, promotion)
    elif promotion.phase is Phase.WAITING:
        yield from _gates(draft, release, promotion) or (_next_look(promotion),)
    else:
        yield _running(draft, release, promotion)


def _may_still_write(draft: Draft, release: Release) -> Iterator[Blocker]:
    for one in release.promotions:
        if one.writing_until is not None:
            reason = f"promotion {one.number} is {one.phase}, but may still write"
            fence = _blocker(one, Gate.FENCE, "Fencing", reason, until=one.writing_until)
            yield fence if draft.now < one.writing_until else _next_look(one)


def _blocker(
    promotion: Promotion,
    gate: str,
    code: str,
    reason: str,
    *,
    who: tuple[str, ...] = (OURSELVES,),
    until: datetime | None = None,
) -> Blocker:
    return Blocker(
        environment=promotion.environment,
        gate=gate,
        code=code,
        reason=reason,
        since=promotion.since,
        who=who,
        until=until,
        waiting=True,
    )


def _gates(draft: Draft, release: Release, promotion: Promotion) -> tuple[Blocker, ...]:
    policy = draft.policy_of(promotion)
    return gates.blockers(waiting.question(draft, release, promotion, policy)) if policy else ()


def _next_look(promotion: Promotion) -> Blocker:
    # Time alone has opened the last gate, and the minute tick has not come yet.
    return _blocker(promotion, "due", "Due", f"nothing is in the way to {promotion.environment}; it is looked at soon")


def _comes_after(draft: Draft, release: Release, promotion: Promotion) -> Iterator[Blocker]:
    policy = draft.policy_of(promotion)
    stands = {name: progress(release, name) for name in policy.after} if policy else {}
    missing = [name for name, one in stands.items() if one is not Progress.REACHED]
    for name in missing:
        yield _before(draft, release, promotion, name)
    if not missing:
        yield _next_look(promotion)


def _before(draft: Draft, release: Release, promotion: Promotion, name: str) -> Blocker:
    before = release.latest(name)
    if before is None:
        reason = f"comes after {name}, where {release.version.tag} was never promoted; promote it there"
        return _blocker(promotion, "after", "ComesAfter", reason, who=(OPERATORS,))
    if before.phase.ended or before.kind is PromotionKind.ROLLBACK:
        reason = f"comes after {name}, where promotion {before.number} is {before.phase}; promote it there again"
        return _blocker(promotion, "after", "ComesAfter", reason, who=(OPERATORS,))
    first = next(iter(_of(draft, release, before)))
    reason = f"comes after {name}, where promotion {before.number} is {before.phase}: {first.reason}"
    return _blocker(promotion, "after", "ComesAfter", reason, who=first.who)


def _running(draft: Draft, release: Release, promotion: Promotion) -> Blocker:
    if promotion.phase is Phase.RETAGGING:
        obstacles = (one for one in _gates(draft, release, promotion) if one.gate in (Gate.HOLD, Gate.FREEZE))
        obstacle = next(obstacles, None) or (_next_look(promotion) if promotion.retagged else None)
        if obstacle is not None:
            return obstacle
    brought = promotion.target.artifact.version if promotion.target else release.version
    reason = f"{brought.tag} {_DOING[promotion.phase]} {promotion.environment}"
    return _blocker(promotion, promotion.phase.lower(), promotion.phase, reason, until=promotion.deadline)
