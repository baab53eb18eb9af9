"""What the judge has seen: of the repository, of people, and of each slot. Plain data, and nothing of the product's rules."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from tests.workshop.soak.configurations import HUMAN, Configuration, Place

RUNNING = frozenset({"Retagging", "Deploying", "Verifying"})
UNDER_WAY = RUNNING | {"Pending", "Waiting"}
_MOVED = re.compile(r"v(\S+) (\S+) #(\d+) (forward|redeploy|rollback): (\w+) → (\w+)")
_ADDED = re.compile(r"v(\S+) (\S+) #(\d+) (redeploy|rollback): Waiting \(")


@dataclass(frozen=True)
class Word:
    """One move of a promotion, as the ledger tells it. `old` is empty where it begins."""

    version: str
    environment: str
    number: int
    kind: str
    old: str
    new: str


def word_of(note: str) -> Word | None:
    """Read a note of the ledger; None where it tells of no promotion's move."""
    if found := _MOVED.match(note):
        return Word(found[1], found[2], int(found[3]), found[4], found[5], found[6])
    if found := _ADDED.match(note):
        return Word(found[1], found[2], int(found[3]), found[4], "", "Waiting")
    return None


@dataclass(frozen=True)
class Answer:
    """What a person said to a question about a promotion, and that Slipway took it."""

    person: str
    approve: bool
    comment: str
    image: str
    manifests: str


@dataclass
class AnswerFor:
    """What an operator said of everybody who was unknown: who they are, and by which promotion that was used."""

    version: str
    environment: str
    by: str
    names: frozenset[str]
    covers: frozenset[str]
    used: int | None = None


@dataclass(frozen=True)
class Bundle:
    """What a version is: image and chart as the registry had them when it was packaged, and the commit in them."""

    image: str
    chart: str
    commit: str


@dataclass(frozen=True)
class Open:
    """What the API says is open: a promotion, or a release that is not packaged (number 0), and what keeps it."""

    version: str
    environment: str
    number: int
    kind: str
    phase: str
    blockers: tuple[tuple[str, str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Hold:
    """A hold by people; `order` says when it was set among all that was heard, whatever clocks show."""

    scope: str
    order: int
    until: datetime | None

    def covers(self, service: str, environment: str, at: datetime) -> bool:
        """Whether it keeps this service out of this environment."""
        over = self.until is not None and at >= self.until
        return not over and self.scope in ("everything", f"environment:{environment}", f"service:shipping/{service}")


@dataclass
class Slot:
    """One service in one environment."""

    holder: int | None = None
    live: str | None = None
    good: list[str] = field(default_factory=list)
    image: str = ""
    writer: int | None = None
    healthy: bool = False
    ran_well: set[str] = field(default_factory=set)
    rollbacks: set[int] = field(default_factory=set)


@dataclass
class Promotion:
    """One promotion: where it stands, how often it started and was retried, what its start allowed.

    `after` is what it came after when it started first: a retry resumes what has begun.
    """

    word: Word
    starts: int = 0
    retries: int = 0
    writes: int = 0
    plan: Place | None = None
    after: tuple[str, ...] = ()
    allowed: frozenset[tuple[str, str]] | None = None
    answers: list[Answer] = field(default_factory=list)


@dataclass
class Service:
    """One service: its slots, promotions, packaged versions, rules in force, and how much of its ledger was read.

    `moves` are the commits that a version's branch was moved to until it was packaged.
    """

    name: str
    rules: Configuration | None = None
    slots: dict[str, Slot] = field(default_factory=lambda: defaultdict(Slot))
    promotions: dict[int, Promotion] = field(default_factory=dict)
    bundles: dict[str, Bundle] = field(default_factory=dict)
    quarantined: set[str] = field(default_factory=set)
    overrides: list[tuple[str, str, str, int]] = field(default_factory=list)
    moves: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    answers_for: list[AnswerFor] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    head: str = "0" * 64

    def waived(self, word: Word, gate: str, since: int = 0) -> bool:
        """Whether a person let the version past the gate there, after something else."""
        return any(
            (version, environment, name) == (word.version, word.environment, gate) and order >= since
            for version, environment, name, order in self.overrides
        )


class Repository:
    """Commits, who wrote and who pushed them, and what the default branch said of itself."""

    def __init__(self) -> None:
        self._commits: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        self._past: dict[str, frozenset[str]] = {}
        self._pushers: dict[str, set[str]] = defaultdict(set)
        self._named: set[str] = set()
        self.said: dict[str, Configuration | None] = {}

    def commit(self, name: str, parent: str | None, author: str, touches: frozenset[str], *others: str) -> None:
        """Somebody made a commit that touches these services; others committed it, or are named in it."""
        self._commits[name] = (frozenset(HUMAN.get(one, one) for one in (author, *others)), touches)
        self._past[name] = (self._past[parent] if parent else frozenset()) | {name}

    def push(self, name: str, person: str) -> None:
        """A person told that they pushed this commit to a release branch."""
        self._pushers[name].add(HUMAN.get(person, person))

    def name(self, name: str) -> None:
        """Somebody was named for a push of this commit, whatever came of it."""
        self._named.add(name)

    def authors(self, service: str, commit: str, live: str | None) -> frozenset[str]:
        """Who wrote or pushed any of it since what is live."""
        new = self._past[commit] - (self._past[live] if live else frozenset())
        wrote = (self._commits[one][0] for one in new if service in self._commits[one][1])
        return frozenset[str]().union(*wrote, *(self._pushers[one] for one in new if one in self._pushers))

    def unnamed(self, moves: Iterable[str]) -> frozenset[str]:
        """Those of the commits that nobody was named for."""
        return frozenset(moves) - self._named


def link(previous: str, body: bytes) -> str:
    """How the ledger is chained, as its manual says: `sha256sum` of the previous hash and the exact bytes."""
    return sha256(previous.encode() + body).hexdigest()


def parsed(body: bytes) -> tuple[str, datetime, list[str]]:
    """What an entry says: the kind of event, when, and the notes."""
    said: dict[str, Any] = json.loads(body)["record"]
    return said["event_type"], datetime.fromisoformat(said["at"]), said.get("notes", [])


def moved_to(body: bytes) -> tuple[str, str] | None:
    """The version whose branch was moved, and the commit that it was moved to; None for an entry that tells of no such move."""
    said: dict[str, Any] = json.loads(body)["record"]
    detail: dict[str, str] = dict(said.get("detail", ()))
    taken = said["event_type"] == "change-found" and said["outcome"] in ("moved", "noted")
    found = re.fullmatch(r"refs/heads/release/[^/]+/v(.+)", detail.get("ref", "")) if taken else None
    return (found[1], detail["commit"]) if found else None
