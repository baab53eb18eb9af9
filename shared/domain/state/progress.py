"""How a release stands in an environment that others come after."""

from __future__ import annotations

from enum import Enum

from shared.domain.state.phases import Phase, PromotionKind
from shared.domain.state.release import Release


class Progress(Enum):
    """REACHED lets what comes after go on; ENDED never will without a new promotion; WITHDRAWN was reached before."""

    REACHED = "reached"
    UNDER_WAY = "under way"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


def progress(release: Release, name: str) -> Progress:
    """Say whether the release succeeded in an environment, and was not rolled back since.

    A redeploy of what is live there changes nothing about that, nor does a rollback that never started.
    """
    there = [one for one in release.promotions if one.environment == name]
    forward = next((one for one in reversed(there) if one.kind is PromotionKind.FORWARD), None)
    if forward is None or not forward.phase.ended:
        return Progress.UNDER_WAY
    if forward.phase is not Phase.SUCCEEDED:
        return Progress.ENDED
    rollbacks = [one for one in there if one.kind is PromotionKind.ROLLBACK and one.number > forward.number]
    undone = any(one.phase is not Phase.ROLLBACK_FAILED or one.pinned_policy is not None for one in rollbacks)
    return Progress.WITHDRAWN if undone else Progress.REACHED
