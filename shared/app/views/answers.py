"""What is answered beside the records themselves: what a request led to, and lists with a name."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from shared.app.handle_event import Handled
from shared.app.views.records import HoldView, ReleaseView
from shared.domain.decision import Outcome
from shared.domain.gates import Blocker
from shared.domain.phases import ReleasePhase


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedView:
    """What a request led to; `duplicate` where it was asked before, and the rest is of the first time."""

    outcome: Outcome
    code: str
    reason: str
    about: str
    notes: tuple[str, ...]
    sequence: int
    duplicate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenView(DecidedView):
    """What a request led to, with the release that it was about as it stands now; `duplicate` where it was asked before."""

    release: ReleaseView | None


def decided(handled: Handled) -> DecidedView:
    """Say what was decided, without what only we need to know of it."""
    return DecidedView(**_said(handled))


def written(handled: Handled, about: ReleaseView | None) -> WrittenView:
    """Put a release beside what was decided."""
    return WrittenView(**_said(handled), release=about)


def _said(handled: Handled) -> dict[str, Any]:
    return {one.name: getattr(handled, one.name) for one in fields(DecidedView)}


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftedView:
    """A hold by people that was lifted."""

    outcome: Outcome
    hold: HoldView


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldsView:
    """Holds by people that are in force."""

    holds: tuple[HoldView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyView:
    """What a release waits for, in the order in which it can be solved: what somebody must change first, time last."""

    service: str
    version: str
    phase: ReleasePhase
    reason: str
    blockers: tuple[Blocker, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkView:
    """A text that changes whenever what is shown would."""

    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedView:
    """How many events of a hook's body were queued."""

    accepted: int
