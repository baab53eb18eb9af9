"""A court: a judge, and a hand that shows true and forged things."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

from tests.workshop.soak.configurations import USUAL, Configuration
from tests.workshop.soak.judge import Judge
from tests.workshop.soak.seen import Bundle, Open, link

Lie: TypeAlias = Callable[[], object]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ROOT = "r" * 12
RETAGGING, DEPLOYING, VERIFYING, SUCCEEDED = "Retagging", "Deploying", "Verifying", "Succeeded"


def digest(version: str) -> str:
    return f"sha256:{version}"


def image(version: str, prefix: str = "") -> str:
    return f"localhost:5000/{prefix}delivery:v{version}@{digest(version)}"


class Court:
    """A judge, and a hand that shows true and forged things."""

    def __init__(self, configuration: Configuration = USUAL) -> None:
        self.judge = Judge(lambda _, version: Bundle(digest(version), f"chart {version}", f"commit {version}"))
        self.head, self.sequence = "0" * 64, 0
        self.judge.repository.commit(ROOT, None, "olga", frozenset({"delivery"}))
        self.judge.repository.said[ROOT] = configuration
        self.say(f"policy abc of {ROOT} is in force")

    def say(self, *notes: str, at: datetime = NOON) -> None:
        """The ledger goes on."""
        said = {"record": {"event_type": "told", "outcome": "moved", "at": at.isoformat(), "notes": notes}}
        body, self.sequence = json.dumps(said).encode(), self.sequence + 1
        before, self.head = self.head, link(self.head, body)
        self.judge.entry("delivery", self.sequence, before, self.head, body)

    def move(self, version: str, environment: str, number: int, *phases: str, kind: str = "forward") -> None:
        """A promotion moves from phase to phase."""
        for old, new in itertools.pairwise(phases):
            self.say(f"v{version} {environment} #{number} {kind}: {old} → {new}")

    def package(self, version: str, author: str = "ada") -> None:
        """A version is built, of a commit by somebody."""
        self.judge.repository.commit(f"commit {version}", ROOT, author, frozenset({"delivery"}))
        self.say(f"v{version}: Packaging → Packaged")

    def wrote(self, version: str, environment: str, number: int, *, written: str = "", chart: str = "") -> None:
        """Something is applied, and gets well."""
        prefix = "prod/" if environment == "production" else ""
        what = written or image(version, prefix)
        self.judge.begins("delivery", environment, number)
        self.judge.wrote("delivery", environment, number, what, chart or f"chart {version}", NOON)

    def run(self, version: str, environment: str, number: int, *start: str, kind: str = "forward") -> None:
        """A promotion goes from Waiting to its end."""
        self.move(version, environment, number, "Waiting", *start, DEPLOYING, kind=kind)
        self.wrote(version, environment, number)
        self.judge.looked("delivery", environment, healthy=True)
        self.move(version, environment, number, DEPLOYING, VERIFYING, SUCCEEDED, kind=kind)

    def ask(self, version: str, number: int) -> None:
        """A promotion waits, and people are asked."""
        self.move(version, "production", number, "Pending", "Waiting")
        self.judge.asked("delivery", f"request {number}", number, digest(version), "who: rita")

    def answer(self, number: int, person: str = "rita", *, approve: bool = True) -> None:
        """A person answers."""
        self.judge.answered(f"request {number}", person, approve=approve, comment="")

    def release(self, version: str, number: int) -> None:
        """A version goes the whole way, as promotions `number` and `number + 1`."""
        self.package(version)
        self.move(version, "qa", number, "Pending", "Waiting")
        self.run(version, "qa", number)
        self.ask(version, number + 1)
        self.answer(number + 1)
        self.run(version, "production", number + 1, RETAGGING)


def asked(version: str = "1.0.0", author: str = "ada") -> Court:
    """A version that ran well in qa waits for production, and nobody has answered."""
    court = Court()
    court.package(version, author)
    court.move(version, "qa", 1, "Pending", "Waiting")
    court.run(version, "qa", 1)
    court.ask(version, 2)
    return court


def released(*versions: str) -> Court:
    """These versions were released one after the other."""
    court = Court()
    for number, version in enumerate(versions):
        court.release(version, 2 * number + 1)
    return court


def shown(*blockers: tuple[str, str, tuple[str, ...]], kind: str = "forward", phase: str = "Waiting") -> Open:
    return Open("1.0.0", "production", 2, kind, phase, blockers)


def tell(court: Court, *open_ones: Open, environments: tuple[str, ...] = ("qa", "production"), head: str = "") -> None:
    court.judge.told("delivery", head or court.head, environments, open_ones)


class Lies(list[tuple[str, Lie]]):
    """Lies, each with the law that it must be caught by."""

    def breaks(self, law: str) -> Callable[[Lie], Lie]:
        """Keep a lie."""

        def keep(lie: Lie) -> Lie:
            self.append((law, lie))
            return lie

        return keep


def start(court: Court, number: int = 2) -> Court:
    court.move("1.0.0", "production", number, "Waiting", RETAGGING)
    return court


def approved(*, author: str = "ada", person: str = "rita") -> Court:
    court = asked(author=author)
    court.answer(2, person)
    return court


def deploying() -> Court:
    court = start(approved())
    court.move("1.0.0", "production", 2, RETAGGING, DEPLOYING)
    return court
