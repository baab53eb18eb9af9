"""What deciding returns."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from shared.domain.messages.effects import ServiceEffect
from shared.domain.state.release import ServiceState
from shared.domain.values.records import Record


class Outcome(StrEnum):
    """What an event led to; `nothing` is not written down."""

    MOVED = "moved"
    NOTED = "noted"
    IGNORED = "ignored"
    REFUSED = "refused"
    NOTHING = "nothing"


class SaidOfCommit(Record, array_like=True):
    """What a decision says beside a commit. `state` is pending, succeeded, failed or error."""

    commit: str
    context: str
    state: str
    description: str


class Decision(NamedTuple):
    """The state that follows, what it asks of the world, and what to tell people.

    `code` and `reason` say why an event was ignored or refused. `about` names what a request led to, e.g. a
    promotion's number. `statuses` are the words of the statuses that are among the effects. `wake` are the times at which the service must be looked at again, with what for.
    """

    state: ServiceState
    outcome: Outcome
    effects: tuple[ServiceEffect, ...] = ()
    notes: tuple[str, ...] = ()
    code: str = ""
    reason: str = ""
    about: str = ""
    statuses: tuple[SaidOfCommit, ...] = ()
    wake: tuple[tuple[datetime, str], ...] = ()
