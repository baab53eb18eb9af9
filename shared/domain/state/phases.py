"""The closed sets of words that a release and a promotion can be in."""

from __future__ import annotations

from enum import StrEnum


class ReleasePhase(StrEnum):
    """Where a version's journey stands."""

    VALIDATING = "Validating"
    PACKAGING = "Packaging"
    PACKAGED = "Packaged"
    RELEASED = "Released"
    REJECTED = "Rejected"
    EXPIRED = "Expired"
    FAILED = "Failed"
    ERRORED = "Errored"
    SUPERSEDED = "Superseded"
    ABORTED = "Aborted"
    ROLLED_BACK = "RolledBack"

    @property
    def ended(self) -> bool:
        """Whether nothing is under way; a new promotion or a retry opens the release again."""
        return self not in _OPEN


_OPEN = frozenset({ReleasePhase.VALIDATING, ReleasePhase.PACKAGING, ReleasePhase.PACKAGED})


class PromotionKind(StrEnum):
    """Why an artifact is brought into an environment."""

    FORWARD = "forward"
    REDEPLOY = "redeploy"
    ROLLBACK = "rollback"


class Phase(StrEnum):
    """Where a promotion stands."""

    PENDING = "Pending"
    WAITING = "Waiting"
    RETAGGING = "Retagging"
    DEPLOYING = "Deploying"
    VERIFYING = "Verifying"
    AWAITING_SWITCH = "AwaitingSwitch"
    SWITCHING = "Switching"
    SUCCEEDED = "Succeeded"
    SKIPPED = "Skipped"
    REJECTED = "Rejected"
    EXPIRED = "Expired"
    SUPERSEDED = "Superseded"
    ABORTED = "Aborted"
    FAILED = "Failed"
    ERRORED = "Errored"
    ROLLED_BACK = "RolledBack"
    ROLLBACK_FAILED = "RollbackFailed"

    @property
    def ended(self) -> bool:
        """Whether the promotion is over."""
        return self not in _UNDER_WAY


QUEUED = frozenset({Phase.PENDING, Phase.WAITING})
RUNNING = frozenset({Phase.RETAGGING, Phase.DEPLOYING, Phase.VERIFYING, Phase.AWAITING_SWITCH, Phase.SWITCHING})
_UNDER_WAY = QUEUED | RUNNING
