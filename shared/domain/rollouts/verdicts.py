"""What a look at a rollout comes to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.policies.patience import Patience
from shared.domain.rollouts.observed import Look
from shared.domain.rollouts.troubles import Symptom, next_ripe, symptoms

# How long a rollout has lasted, and the pause until the next look. The first three looks, of ten seconds each, follow at once.
_PAUSES = ((30, 0), (40, 5), (60, 15))
_LONGEST_PAUSE = timedelta(seconds=30)


class RolloutState(StrEnum):
    """What the environment shows while a deployment settles."""

    PROGRESSING = "progressing"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict with its reason for people. `symptom` is what it failed by, or what stands in its way.

    `again`: time alone makes a failure of it after so long; None where something has to happen first.
    """

    state: RolloutState
    reason: str
    symptom: Symptom | None = None
    again: timedelta | None = None


def judge(look: Look, patience: Patience) -> Judged:
    """Say how a rollout is doing: failed by what its patience ran out for, healthy where all has settled."""
    found = symptoms(look)
    for one in found:
        ripe = one.ripe(patience)
        if ripe is not None and look.at >= ripe:
            return Judged(state=RolloutState.DEGRADED, reason=one.sentence, symptom=one)
    lacking = next((f"{one.object}: {one.lacks}" for one in look.workloads if one.lacks), "")
    if not lacking:
        return Judged(state=RolloutState.HEALTHY, reason="")
    return Judged(
        state=RolloutState.PROGRESSING,
        reason=found[0].sentence if found else lacking,
        symptom=found[0] if found else None,
        again=next_ripe(found, patience, look.at),
    )


def pause_after(since: datetime, now: datetime) -> timedelta:
    """How long to pause before the next look at a rollout that is watched since then."""
    for seconds, pause in _PAUSES:
        if now - since < timedelta(seconds=seconds):
            return timedelta(seconds=pause)
    return _LONGEST_PAUSE
