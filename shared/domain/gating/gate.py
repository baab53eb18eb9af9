"""What a gate is asked and what it answers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from shared.domain.drafts.draft import Draft
from shared.domain.policies.policy import EnvironmentPolicy
from shared.domain.state.promotion import Promotion
from shared.domain.state.release import EnvironmentState, Release
from shared.domain.values.records import Record, Time

OPERATORS = "operators"
TEAM = "the service's team"
OURSELVES = "slipway"


class Status(StrEnum):
    """What a gate says: waiting solves itself or by an answer, blocked needs somebody to change something."""

    PASSED = "passed"
    WAITING = "waiting"
    BLOCKED = "blocked"


class Result(Record):
    """One gate's answer, with a reason whenever it is not passed."""

    status: Status
    code: str = ""
    reason: str = ""
    since: Time | None = None
    who: tuple[str, ...] = ()
    until: Time | None = None


class GateQuestion(NamedTuple):
    """May this promotion start now?"""

    draft: Draft
    policy: EnvironmentPolicy
    environment: EnvironmentState
    release: Release
    promotion: Promotion

    @property
    def now(self) -> datetime:
        """The time of asking."""
        return self.draft.now


_PASSED = Result(status=Status.PASSED)


def passed() -> Result:
    """Nothing stands in the way."""
    return _PASSED


def waiting(
    code: str,
    reason: str,
    *,
    who: tuple[str, ...],
    since: datetime | None = None,
    until: datetime | None = None,
) -> Result:
    """Something will come: an answer, a time, a turn."""
    return Result(status=Status.WAITING, code=code, reason=reason, since=since, who=who, until=until)


def blocked(code: str, reason: str, *, who: tuple[str, ...], since: datetime | None = None) -> Result:
    """Somebody must change something."""
    return Result(status=Status.BLOCKED, code=code, reason=reason, since=since, who=who)
