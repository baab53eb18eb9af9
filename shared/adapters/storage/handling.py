"""What a store writes for one message."""

from __future__ import annotations

from shared.ports.store import StoreUnavailable


class Handling:
    """What was written for one message. It is kept or lost as a whole, together with the message's acknowledgement.

    `pending`: some of it is not on disk yet, or what asks for it is not. `lost`: why it was rolled back, if it was.
    """

    __slots__ = ("lost", "pending")

    def __init__(self, *, pending: bool = False) -> None:
        self.pending = pending
        self.lost: StoreUnavailable | None = None

    def lose(self, reason: StoreUnavailable) -> None:
        """Note that it was rolled back. Whoever finds nothing pending any more has to find it lost."""
        self.lost = reason
        self.pending = False
