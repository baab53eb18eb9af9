"""The four measures of delivery (DORA), taken where a promotion to a last environment ends.

Deployment frequency is the count of `DEPLOYMENTS`, change failure rate that of `FAILURES` by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from shared.domain.drafts.changed_releases import ChangedRelease
from shared.domain.state.phases import Phase, PromotionKind
from shared.domain.state.promotion import Promotion
from shared.domain.state.release import EnvironmentState, Release, ServiceState

DEPLOYMENTS = "slipway.deployments"
FAILURES = "slipway.change_failures"
LEAD_TIME = "slipway.lead_time"
RESTORE = "slipway.time_to_restore"
_WRITING = frozenset({Phase.DEPLOYING, Phase.VERIFYING, Phase.AWAITING_SWITCH, Phase.SWITCHING})


class Measure(NamedTuple):
    """One value: a count of one, or seconds."""

    measure: str
    value: float
    service: str
    environment: str
    version: str


def measures(
    before: ServiceState, after: ServiceState, changed: tuple[ChangedRelease, ...], now: datetime
) -> list[Measure]:
    """Measure what ended by a decision. A redeploy brings nothing new: it counts only where it fails, or restores."""
    ended = [one for release in changed for one in release.promotions if one.phase.ended]
    last = after.policy.last_environments() if ended and after.policy else ()
    return [
        Measure(name, value, str(after.service), one.environment, release.after.version.text)
        for release in changed
        for one in release.promotions
        if one.environment in last and _just_ended(release.before, one)
        for name, value in _of(release, one, _environments(before, after, one), now)
    ]


def _environments(
    before: ServiceState, after: ServiceState, one: Promotion
) -> tuple[EnvironmentState, EnvironmentState]:
    empty = EnvironmentState(name=one.environment)
    return before.environments.get(one.environment, empty), after.environments.get(one.environment, empty)


def _of(
    release: ChangedRelease, one: Promotion, environments: tuple[EnvironmentState, EnvironmentState], now: datetime
) -> Iterator[tuple[str, float]]:
    if one.phase is Phase.SUCCEEDED and one.kind is PromotionKind.FORWARD:
        yield DEPLOYMENTS, 1
        if not _reached_before(release.after, one):
            yield LEAD_TIME, (now - release.after.created).total_seconds()
    if _failed(release, one):
        yield FAILURES, 1
    since = environments[0].broken_since
    if since is not None and environments[1].broken_since is None:
        yield RESTORE, (now - since).total_seconds()
    elif one.phase is Phase.ROLLED_BACK:
        # A person found it: the trouble is known since they asked.
        yield RESTORE, (now - one.created).total_seconds()


def _just_ended(before: Release | None, one: Promotion) -> bool:
    was = _promotion(before, one.number)
    return one.phase.ended and was is not None and not was.phase.ended


def _promotion(release: Release | None, number: int | None) -> Promotion | None:
    return next((one for one in release.promotions if one.number == number), None) if release else None


def _reached_before(release: Release, one: Promotion) -> bool:
    return any(
        other.phase is Phase.SUCCEEDED and other.environment == one.environment and other.number < one.number
        for other in release.promotions
    )


def _failed(release: ChangedRelease, one: Promotion) -> bool:
    """Whether a change failed by this: its rollout did, or somebody took it back. What fails and is undone counts once."""
    if one.kind is PromotionKind.ROLLBACK:
        undone = _promotion(release.after, one.undoes)
        return one.phase is Phase.ROLLED_BACK and not (undone is not None and undone.phase is Phase.FAILED)
    was = _promotion(release.before, one.number)
    return one.phase is Phase.FAILED and was is not None and was.phase in _WRITING
