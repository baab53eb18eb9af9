"""What is answered beside the records themselves: what a request led to, and lists with a name."""

from __future__ import annotations

from shared.app.views.records import BlockerView, ReleaseView
from shared.app.views.service_records import HoldView
from shared.app.views.view import View
from shared.domain.drafts.decision import Outcome
from shared.domain.state.phases import ReleasePhase


class DecidedView(View):
    """What a request led to; `duplicate` where it was asked before, and the rest is of the first time."""

    outcome: Outcome
    code: str
    reason: str
    about: str
    notes: tuple[str, ...]
    sequence: int
    duplicate: bool


class WrittenView(DecidedView):
    """What a request led to, with the release that it was about as it stands now; `duplicate` where it was asked before."""

    release: ReleaseView | None


class LiftedView(View):
    """A hold by people that was lifted."""

    outcome: Outcome
    hold: HoldView


class HoldsView(View):
    """Holds by people that are in force."""

    holds: tuple[HoldView, ...]


class WhyView(View):
    """What a release waits for, in the order in which it can be solved: what somebody must change first, time last."""

    service: str
    version: str
    phase: ReleasePhase
    reason: str
    blockers: tuple[BlockerView, ...]


class MarkView(View):
    """A text that changes whenever what is shown would."""

    mark: str


class AcceptedView(View):
    """How many events of a hook's body were queued."""

    accepted: int
