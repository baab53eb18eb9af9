"""What to do about a release, by its history alone: nothing here asks a cluster.

Every state that a dead client leaves has one way out: back to a revision that Slipway recorded as good, else marked failed
and the order applied again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from shared.adapters.helm.marks import RevisionMark, mark_of, read_revision
from shared.adapters.kubernetes.releases import Revision

SKEW = 30  # seconds that two clocks may be apart
LOOK_AGAIN = 15  # seconds after which a client that was at work is looked at again
# As long as any environment's policy lets a client write, in seconds (deploy.helm.timeout, and what it takes to end it).
_LONGEST = 20 * 60 + SKEW
# Beginning of the description of a record that was marked for its dead client.
DIED = "Slipway: its client died"
_GONE = "uninstalled"


@dataclass(frozen=True, slots=True)
class Act:
    """Make the next revision: by `install` where there is none."""

    install: bool


@dataclass(frozen=True, slots=True)
class Done:
    """The order was applied before, as this revision."""

    revision: Revision


@dataclass(frozen=True, slots=True)
class EndedBadly:
    """The order was applied before and failed: its record says why, or that its client died."""

    revision: Revision


@dataclass(frozen=True, slots=True)
class Later:
    """What a later order wrote stays."""

    revision: Revision
    mark: RevisionMark


@dataclass(frozen=True, slots=True)
class Wait:
    """Some client may still be at it; look again in so many seconds."""

    revision: Revision
    seconds: int


@dataclass(frozen=True, slots=True)
class Heal:
    """A client died in this revision: mark it, then go `back` to a good one, or finish an uninstall, where that is said."""

    revision: Revision
    back: Revision | None = None
    uninstall: bool = False


Look: TypeAlias = Act | Done | EndedBadly | Later | Wait | Heal


def look(history: Sequence[Revision], effect: str, turn: int, good: Sequence[str], *, now: int, patience: int) -> Look:
    """Say what comes next for an order. `good` are revisions that Slipway recorded as such, `patience` how long somebody
    else's client is left alone, in seconds."""
    if not history:
        return Act(install=True)
    newest = history[-1]
    mark = mark_of(newest)
    for one in reversed(history):
        theirs = mark_of(one)
        if theirs is not None and theirs.turn > turn:
            return Later(one, theirs)
        if theirs is not None and theirs.effect == effect and one.status == "superseded":
            return Done(one)
    if newest.pending:
        until = _until(newest, mark, patience, now)
        if now <= until + SKEW:
            # A client that lives ends long before it must.
            return Wait(newest, min(until + SKEW - now + 1, LOOK_AGAIN))
        return _heal(history, effect, mark, good)
    if mark is not None and mark.effect == effect:
        return Done(newest) if newest.status == "deployed" else EndedBadly(newest)
    return Act(install=newest.status == _GONE)


def _until(newest: Revision, mark: RevisionMark | None, patience: int, now: int) -> int:
    """Until when its client may write. What labels say counts as far as it can be true: somebody may have written them."""
    began = newest.touched if newest.touched <= now + SKEW else newest.created
    if mark is None:
        return began + patience
    return min(mark.until, newest.created + _LONGEST) if newest.created else mark.until


def _heal(history: Sequence[Revision], effect: str, mark: RevisionMark | None, good: Sequence[str]) -> Heal:
    newest = history[-1]
    if newest.status == "uninstalling":
        return Heal(newest, uninstall=True)
    if mark is not None and mark.effect == effect:
        # The same is applied once more, and takes over all that the dead client made.
        return Heal(newest)
    known = {read_revision(one) for one in good}
    for one in reversed(history[:-1]):
        before = mark_of(one)
        # Of what was adopted there is a number alone.
        if (one.number, before.effect if before else "") in known and one.status in ("deployed", "superseded"):
            return Heal(newest, back=one)
    return Heal(newest)
