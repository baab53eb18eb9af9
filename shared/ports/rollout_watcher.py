"""What shows how a deployment is doing. It need not be what applied it: git may write what a cluster shows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from shared.domain.policies.place import Place


class RolloutState(StrEnum):
    """What the environment shows while a deployment settles."""

    PROGRESSING = "progressing"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """What the environment shows of a revision, with a reason for people."""

    state: RolloutState
    reason: str


class RolloutWatcher(Protocol):
    """One way to look at what was applied."""

    def observe(self, place: Place, revision: str) -> Rollout:
        """Read how the revision is doing. Raise Transient when the environment cannot be read."""
        ...
