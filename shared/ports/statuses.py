"""What is said about a commit where its author looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class CommitState(StrEnum):
    """The states that Azure Repos and GitHub share."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitStatus:
    """One line beside a commit; `context` tells it from others, e.g. `slipway/delivery`.

    `link` leads to the page of what it is about, and is empty where the installation has no address.
    """

    context: str
    state: CommitState
    description: str
    link: str = ""


class Statuses(Protocol):
    """Writes and reads statuses. Setting the same one again is harmless."""

    def set_status(self, repository: str, commit: str, status: CommitStatus, *, about: int) -> None:
        """Show a status on a commit. Of a context the one with the highest `about` is shown, whichever was set last."""
        ...

    def statuses(self, repository: str, commit: str) -> Sequence[CommitStatus]:
        """Read what a commit shows, by context."""
        ...
