"""Messages in poison: rows of the partition `estate` outside of what decisions read.

Open ones lie together, the newest first; those that a person has settled lie elsewhere, so that reading the open ones
costs the same however many there were before.
"""

from __future__ import annotations

from shared.codec.stored import Stored
from shared.domain.state.poison import PoisonMessage

OPEN, SETTLED = "2~poison~", "3~poison~"
OPEN_END = f"{OPEN}\x7f"
POISON = Stored[PoisonMessage]("poison", PoisonMessage)

_LAST = 10**20 - 1


def open_row(number: int) -> str:
    """Name the row of a message that nobody has settled."""
    return f"{OPEN}{_LAST - number:020d}"


def settled_row(number: int) -> str:
    """Name the row of one that somebody has."""
    return f"{SETTLED}{_LAST - number:020d}"
