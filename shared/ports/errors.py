"""What every adapter raises: whose fault it is, and whether trying again can help.

AdapterError
├── Transient       try again; the outside said when, if it said
│   └── Damaged     what came is not what its digest names
└── Permanent       somebody must change something
    └── NotFound    what was asked for is not there
"""

from __future__ import annotations

from datetime import timedelta

from shared.domain.values.errors import SlipwayError

LONGEST_MESSAGE = 2000  # characters; it is kept beside a release, and shown


class AdapterError(SlipwayError):
    """An outside system did not do what it was asked to. What other programs say of it may be of any length: its middle is cut.

    It begins with what happened, and ends with what to do.
    """

    def __init__(self, message: str) -> None:
        ends = LONGEST_MESSAGE // 2
        super().__init__(message if len(message) <= LONGEST_MESSAGE else f"{message[: ends - 1]}…{message[-ends:]}")


class Transient(AdapterError):
    """Try again; the outside said when, if it said."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Damaged(Transient):
    """What came is not what its digest names."""


class Permanent(AdapterError):
    """Trying again cannot help; somebody must change something.

    `ours` tells a fault of the platform or of Slipway's set-up (Errored) from one of the release (Failed).
    """

    def __init__(self, message: str, *, ours: bool = False) -> None:
        super().__init__(message)
        self.ours = ours


class NotFound(Permanent):
    """What was asked for is not there."""
