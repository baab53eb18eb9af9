"""A leased message, as its host holds it in memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from shared.adapters.storage.handling import Handling


@dataclass(slots=True, kw_only=True)
class LeasedMessage:
    """A leased message.

    `delay`: time after the offer until it may be seen; negative where it comes before others. `attempts`: deliveries so far.
    `group`: whose turn it takes, else the service's. `token`: changes whenever its time does. `reason`: why it is in poison.
    `handling`: what its work is kept or lost with, while what asks for it is not on disk.
    """

    id: str
    queue: str
    body: str
    delay: timedelta = timedelta(0)
    attempts: int = 0
    service: str = ""
    key: str = ""
    group: str = ""
    token: int = 0
    reason: str = ""
    handling: Handling | None = None

    @property
    def lost(self) -> bool:
        """Whether what asks for it was lost: there is no such message."""
        return self.handling is not None and self.handling.lost is not None
