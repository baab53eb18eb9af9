"""How people are asked: a card in Teams, or the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.values.artifact import ArtifactPart
from shared.domain.values.names import ServiceKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A numbered request as people see it. `ledger_head` is the ledger's hash when it was put.

    `older` says that something newer is live there, empty where it is not so. `authors` are the first who wrote what is
    brought, `more_authors` how many others, `unknown` who is not known, in words; `changes` says what takes the place of
    what, and what differs from what was asked before; `link` leads to the release, empty where the installation has no address.
    """

    request: str
    service: ServiceKey
    version: str
    environment: str
    promotion: int
    parts: tuple[ArtifactPart, ...]
    commit: str
    who: str
    older: str
    authors: tuple[str, ...] = ()
    more_authors: int = 0
    unknown: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    link: str = ""
    expires: datetime | None
    ledger_head: str


class People(Protocol):
    """Raise Transient when people cannot be reached now. Asking or closing twice is harmless."""

    def ask(self, question: Question) -> None:
        """Put the question where approvers look."""
        ...

    def close(self, service: ServiceKey, request: str, reason: str) -> None:
        """Say that the question is closed, and why."""
        ...
