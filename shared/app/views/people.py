"""People as they are read: who somebody is, who wrote a change, and who answered for what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """Somebody, without more than others need to know."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorsView:
    """Who wrote what is brought, since what is live: a list under its hash, its length, and the first names of it.

    `unknown` says in words who had a hand in it and is not known; `unanswered` whom no operator answered for yet.
    """

    evidence: str
    count: int
    first: tuple[str, ...]
    unknown: tuple[str, ...]
    unanswered: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideView:
    """A gate that a person let the release past; past `authors`, whom they answered for, and who that is."""

    environment: str
    gate: str
    person: PersonView
    reason: str
    at: datetime
    unknown: tuple[str, ...]
    authors: tuple[str, ...]
    used_by: int | None
