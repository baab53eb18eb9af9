"""Where anchors are kept: written once, and then by nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.values.errors import SlipwayError


class AnchorTaken(SlipwayError):
    """Something has that name already, this very content or another; nothing was written."""


class Anchors(Protocol):
    """Contents by name (letters, digits, `.` and `-`) that cannot be changed, in another place than the ledgers.

    Raise StoreUnavailable where it cannot be reached.
    """

    def put(self, name: str, content: bytes) -> None:
        """Keep the content under a name that nothing has yet; raise AnchorTaken. It is whole, or not there."""
        ...

    def newest(self, *, most: int, up_to: str = "") -> Sequence[str]:
        """Name those that sort last, the very last first; with `up_to` of those that do not sort after that."""
        ...

    def get(self, name: str) -> bytes:
        """Return the content; raise NotFound."""
        ...
