"""Every legal move, written once. Tested over every pair; the diagrams of docs/releases.md are checked against it."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.state.phases import Phase, PromotionKind, ReleasePhase
from shared.domain.values.errors import SlipwayError

_QUEUE_ENDS = frozenset({Phase.SKIPPED, Phase.REJECTED, Phase.EXPIRED, Phase.SUPERSEDED, Phase.ABORTED})
_RUN_ENDS = frozenset({Phase.FAILED, Phase.ERRORED, Phase.ABORTED})

FORWARD_MOVES: Mapping[Phase, frozenset[Phase]] = {
    Phase.PENDING: frozenset({Phase.WAITING}) | _QUEUE_ENDS,
    # Back to Pending: what it comes after was rolled back. To a running phase: all gates pass now; past
    # Retagging where the environment has no registry namespace, or where a retry resumes at the failed step.
    Phase.WAITING: frozenset({Phase.PENDING, Phase.RETAGGING, Phase.DEPLOYING, Phase.VERIFYING}) | _QUEUE_ENDS,
    Phase.RETAGGING: frozenset({Phase.DEPLOYING}) | _RUN_ENDS,
    Phase.DEPLOYING: frozenset({Phase.VERIFYING}) | _RUN_ENDS,
    Phase.VERIFYING: frozenset({Phase.SUCCEEDED, Phase.AWAITING_SWITCH}) | _RUN_ENDS,
    Phase.AWAITING_SWITCH: frozenset({Phase.SWITCHING}) | _RUN_ENDS,
    Phase.SWITCHING: frozenset({Phase.SUCCEEDED}) | _RUN_ENDS,
    # A retry is the same promotion, with its approval, asked again whether it may start.
    Phase.ERRORED: frozenset({Phase.WAITING}),
}

ROLLBACK_MOVES: Mapping[Phase, frozenset[Phase]] = {
    Phase.WAITING: frozenset({Phase.DEPLOYING, Phase.ROLLBACK_FAILED}),
    Phase.DEPLOYING: frozenset({Phase.VERIFYING, Phase.ROLLBACK_FAILED}),
    Phase.VERIFYING: frozenset({Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED}),
}

_RELEASE_ENDS = frozenset(phase for phase in ReleasePhase if phase.ended)

RELEASE_MOVES: Mapping[ReleasePhase, frozenset[ReleasePhase]] = {
    ReleasePhase.VALIDATING: frozenset(
        {ReleasePhase.PACKAGING, ReleasePhase.FAILED, ReleasePhase.ERRORED, ReleasePhase.ABORTED}
    ),
    # Back to Validating: a new commit on the branch before digests were recorded. Packaging lasts until the version's tags
    # stand.
    ReleasePhase.PACKAGING: frozenset(
        {
            ReleasePhase.VALIDATING,
            ReleasePhase.PACKAGED,
            ReleasePhase.FAILED,
            ReleasePhase.ERRORED,
            ReleasePhase.ABORTED,
        }
    ),
    ReleasePhase.PACKAGED: _RELEASE_ENDS,
    # A new promotion opens a packaged release again; a new commit, or a retry, one that never was packaged. A retry builds
    # anew while no digests are recorded, and goes on with the tags once they are.
    **{
        phase: frozenset({ReleasePhase.VALIDATING, ReleasePhase.PACKAGING, ReleasePhase.PACKAGED})
        for phase in (ReleasePhase.FAILED, ReleasePhase.ERRORED, ReleasePhase.ABORTED)
    },
    **{
        phase: frozenset({ReleasePhase.PACKAGED})
        for phase in (
            ReleasePhase.RELEASED,
            ReleasePhase.REJECTED,
            ReleasePhase.EXPIRED,
            ReleasePhase.SUPERSEDED,
            ReleasePhase.ROLLED_BACK,
        )
    },
}


class IllegalMove(SlipwayError):
    """The decision asked for a move that the table does not have: a defect of the rules, nothing was changed."""

    def __init__(self, subject: str, old: str, new: str) -> None:
        self.old, self.new = old, new
        super().__init__(f"{subject} cannot go from {old} to {new}")


def legal(kind: PromotionKind, old: Phase, new: Phase) -> bool:
    """Whether a promotion of this kind may go from the old phase to the new one."""
    moves = ROLLBACK_MOVES if kind is PromotionKind.ROLLBACK else FORWARD_MOVES
    return new in moves.get(old, frozenset())


def legal_release(old: ReleasePhase, new: ReleasePhase) -> bool:
    """Whether a release may go from the old phase to the new one."""
    return new in RELEASE_MOVES[old]
