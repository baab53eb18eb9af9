"""What can befall a request to a storage account on its way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The service answers with an error and does nothing."""

    status: int
    code: str
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection breaks: before the service has the request, or after it did what was asked, some of the answer being there."""

    answer: bool
    half: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """The connection breaks, and the service has the request later: right before or after the next of a kind, or when told."""

    before: str = ""
    after: str = ""


BUSY = Refused(status=503, code="ServerBusy")
THROTTLED = Refused(status=429, code="TooManyRequests")
TIMED_OUT = Refused(status=500, code="OperationTimedOut")
LOST_REQUEST, LOST_ANSWER, HALF_AN_ANSWER = Lost(answer=False), Lost(answer=True), Lost(answer=True, half=True)

Fault: TypeAlias = Refused | Lost | Late
