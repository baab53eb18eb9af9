"""Just before acting: is this step still wanted, and may it be done now?

This is one part of the *fence*, which keeps an old attempt from writing over a newer one. Attempts are numbered, and only
the current one may act and report. An attempt that was given up may still be writing: until its `writing_until` nothing else
starts in that environment (the gate `fence`). And each deployment carries its `turn`, which rises with every slot that is
taken: an applier writes over no later turn (`Fenced`).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from shared.domain.deciding.waiting import obstructed
from shared.domain.drafts.draft import Draft
from shared.domain.state.estate import Estate
from shared.domain.state.phases import Phase, PromotionKind
from shared.domain.state.promotion import Promotion
from shared.domain.state.release import Release, ServiceState


class May(StrEnum):
    """Act now, wait for a person's hold to end, or not at all: the attempt was replaced or has ended."""

    ACT = "act"
    WAIT = "wait"
    NOT = "not"


def may_act(
    state: ServiceState, estate: Estate, *, number: int, attempt: int, phase: Phase, now: datetime
) -> tuple[May, Release | None, Promotion | None]:
    """Say whether an attempt of a running step may act, with the release and promotion it belongs to.

    Only holds by people are asked about again: they live in another partition, so that the decision may have missed
    one. What stands in this partition, and time, were decided about; a step that has begun is finished.
    """
    draft = Draft(state, estate, now)
    found = draft.find_promotion(number)
    if found is None or found[1].phase is not phase or found[1].attempt != attempt:
        return May.NOT, None, None
    release, promotion = found
    policy = draft.policy_of(promotion)
    if promotion.kind is PromotionKind.ROLLBACK or policy is None:
        return May.ACT, release, promotion
    hold = estate.covering(draft.service, policy.name, now)
    held = hold is not None and obstructed(draft, promotion, release, policy) is not None
    return (May.WAIT if held else May.ACT), release, promotion
