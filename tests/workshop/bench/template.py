"""What one release leaves in a store, with holes where the next one has other names, numbers and times.

The rows are not made up here: a few releases of one service go through the real application first.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared.adapters.sqlite import SqliteDatabase
from shared.adapters.sqlite.packed import unpack
from shared.adapters.sqlite.schema import short
from shared.app.inspect_push import inspect_push
from shared.codec.ledger import decode_entry
from shared.codec.service import encode_numbers
from shared.codec.state import ENVIRONMENT, build_row, ended_release_row, ended_row
from shared.domain.events import PushReceived
from shared.domain.release import Numbers
from shared.domain.version import Version
from tests.workshop.bench.driver import QueueDoors, Story
from tests.workshop.bench.engine import BareEngine
from tests.workshop.bench.source import MAIN
from tests.workshop.bench.wiring import REPOSITORY, quiet, wire
from tests.workshop.bench.world import digest_of

SAMPLES = 12  # an environment remembers ten questions: later releases leave what the last one of these leaves
_SERVICE = "the-sample-service"
_START = datetime(2026, 1, 1, tzinfo=UTC)
# Numbers that are met nowhere else, so that they can be told from whatever else is a number.
_SEQUENCE, _BUILD, _PROMOTION, _TURN = 600_000, 700_000, 800_000, 900_000
_DATE = re.compile(rb"\d{4}-\d\d-\d\d(?=T)")
_HOLE = re.compile(rb"%\(([a-z]+)(\d+)\)b")

Fields = Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a release leaves, as patterns: `pattern % fields` is a row. `marks` are events that are kept as seen."""

    build: bytes
    release: bytes
    ended: bytes
    ledger: tuple[bytes, ...]
    marks: tuple[tuple[int, bytes], ...]
    environments: Mapping[str, bytes]

    def holes(self) -> list[tuple[bytes, str, int]]:
        """The fields: each with its kind, and with how many releases before this one it belongs to."""
        patterns = (self.build, self.release, self.ended, *self.ledger, *self.environments.values())
        found = {hole for pattern in patterns for hole in _HOLE.findall(pattern)}
        return [(kind + back, kind.decode(), int(back)) for kind, back in sorted(found)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The ledger's first entry, what the first releases of a service left, and the evidence that they speak of."""

    head: bytes
    left: tuple[Left, ...]
    evidence: tuple[tuple[str, bytes], ...]

    def of(self, number: int) -> Left:
        """What the n-th release of a service leaves."""
        return self.left[min(number, len(self.left)) - 1]

    @property
    def entries(self) -> int:
        """How many ledger entries a release has."""
        return len(self.left[0].ledger)


def names_in(service: str, version: str) -> dict[str, bytes]:
    """What follows from a release's name: see QuietBuilder and Story."""
    made = {
        "v": version,
        "c": hashlib.sha1(f"{service} {version}".encode()).hexdigest(),
        "i": digest_of(f"image {service} {version}").text[7:],
        "h": digest_of(f"chart {service} {version}").text[7:],
    }
    return {kind: text.encode() for kind, text in made.items()}


def numbers_in(number: int, entries: int) -> dict[str, int]:
    """The numbers of a service's n-th release; its ledger begins with an entry of the configuration."""
    first = 1 + entries * (number - 1)
    return {
        "b": number,
        "p": 2 * number - 1,
        "pp": 2 * number,
        "u": 2 * number - 1,
        "uu": 2 * number,
        **{f"q{'q' * each}": first + each + 1 for each in range(entries)},
    }


def take_template(folder: Path) -> Template:
    """Run the releases in an empty folder and turn what they leave into patterns."""
    path = folder / "sample.db"
    days, environments = _run(folder, path)
    with closing(sqlite3.connect(path)) as connection:
        return _Taken(connection, days, environments).template()


class _Days:
    """A clock that goes on from whichever day it is."""

    def __init__(self) -> None:
        self.day, self._began = _START, time.monotonic()

    def __call__(self) -> datetime:
        return self.day + timedelta(seconds=time.monotonic() - self._began)

    def next(self) -> None:
        """Begin the next day."""
        self.day, self._began = self.day + timedelta(days=1), time.monotonic()


def _run(folder: Path, path: Path) -> tuple[Sequence[str], Sequence[Mapping[str, bytes]]]:
    """Release a day apart, so that a date tells whose a time is; return the dates, and the environments' rows of each."""
    outside, now = quiet([_SERVICE]), _Days()
    with closing(SqliteDatabase(path, now)) as database:
        database.recover()
        app = replace(wire(database, outside, folder / "scratch"), now=now)
        inspect_push(app, PushReceived(id="configuration", repository=REPOSITORY, ref=MAIN))
    _begin_numbers(path)
    days, environments = [now.day], [_environments(path)]
    with closing(SqliteDatabase(path, now)) as database:
        database.recover()
        app = replace(wire(database, outside, folder / "scratch"), now=now)
        story = Story(outside, QueueDoors(app), [_SERVICE])
        engine = BareEngine(app, database.queues)
        for _ in range(SAMPLES):
            now.next()
            story.tell(1)
            engine.settle()
            days.append(now.day)
            environments.append(_environments(path))
        engine.stop()
    return [f"{day:%Y-%m-%d}" for day in days], environments


def _environments(path: Path) -> Mapping[str, bytes]:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT key, value FROM state WHERE key GLOB ? ORDER BY key"
        return dict(connection.execute(query, (f"{ENVIRONMENT}*",)))


def _begin_numbers(path: Path) -> None:
    numbers = encode_numbers(Numbers(promotion=_PROMOTION, build=_BUILD, turn=_TURN))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO state VALUES (1, '1~numbers', ?)", (numbers,))
        connection.execute("UPDATE service SET sequence = ?", (_SEQUENCE,))


class _Taken:
    """The rows that the samples left."""

    def __init__(
        self, connection: sqlite3.Connection, days: Sequence[str], environments: Sequence[Mapping[str, bytes]]
    ) -> None:
        self._environments = environments
        self._state = {key: unpack(value) for key, value in connection.execute("SELECT key, value FROM state")}
        ledger = {number: unpack(body) for number, body in connection.execute("SELECT sequence, body FROM ledger")}
        self._seen = {mark for (mark,) in connection.execute("SELECT event FROM seen")}
        self._evidence = tuple(connection.execute("SELECT sha256, content FROM evidence"))
        self._head = ledger.pop(1)
        self._ledger = [body for _, body in sorted(ledger.items())]
        self._entries = len(self._ledger) // SAMPLES
        if self._entries * SAMPLES != len(self._ledger):
            raise RuntimeError(f"{SAMPLES} equal releases left {len(self._ledger)} ledger entries")
        self._tokens: dict[bytes, tuple[int | None, str]] = {
            _SERVICE.encode(): (None, "s"),
            f"{REPOSITORY}~".encode(): (None, "m"),
        }
        policy = json.loads(self._state["1~policy"])
        self._tokens |= {policy["digest"][:12].encode(): (None, "y"), policy["commit"][:12].encode(): (None, "x")}
        for number in range(1, SAMPLES + 1):
            self._add(number)
        patterns = [_pattern(token) for token in sorted(self._tokens, key=len, reverse=True)]
        self._all = re.compile(b"|".join([_DATE.pattern, *patterns]))
        self._tokens |= {day.encode(): (number, "t") for number, day in enumerate(days)}

    def template(self) -> Template:
        """Cut the holes."""
        left = tuple(self._left(number) for number in range(1, SAMPLES + 1))
        return Template(head=self._cut(self._head, 0), left=left, evidence=self._evidence)

    def _add(self, number: int) -> None:
        """Name what is a release's own."""
        version = f"1.0.{number}"
        release = json.loads(self._state[ended_release_row(Version.parse(version).key())])
        request = next(one["approval"]["id"] for one in release["promotions"] if "approval" in one)
        names = {kind: text.decode() for kind, text in names_in(_SERVICE, version).items()}
        own = {**names, "cc": names["c"][:12], "r": request, "rr": request[:16]}
        starts = {"b": _BUILD, "p": _PROMOTION, "u": _TURN, "q": _SEQUENCE - 1}
        own |= {kind: str(starts[kind[0]] + n) for kind, n in numbers_in(number, self._entries).items()}
        self._tokens |= {text.encode(): (number, kind) for kind, text in own.items()}

    def _left(self, number: int) -> Left:
        last = self._entries * number
        ledger = self._ledger[last - self._entries : last]
        events = [decode_entry(body).event_id for body in ledger]
        ended = ended_row(_SEQUENCE + last)
        return Left(
            build=self._cut(self._state[build_row(_BUILD + number)], number),
            release=self._cut(self._state[ended_release_row(Version.parse(f"1.0.{number}").key())], number),
            ended=self._cut(self._state[ended], number),
            ledger=tuple(self._cut(body, number) for body in ledger),
            marks=tuple(
                (nth, self._cut(event.encode(), number))
                for nth, event in enumerate(events)
                if short(event) in self._seen
            ),
            environments={key: self._cut(value, number) for key, value in self._environments[number].items()},
        )

    def _cut(self, data: bytes, number: int) -> bytes:
        """Put a hole where something belongs to this release, or to one so many before it."""

        def hole(found: re.Match[bytes]) -> bytes:
            text = found.group()
            if text not in self._tokens:
                raise RuntimeError(f"{text.decode()} is of no sample's time")
            whose, kind = self._tokens[text]
            return f"%({kind}{0 if whose is None else number - whose})b".encode()

        return self._all.sub(hole, data.replace(b"%", b"%%"))


def _pattern(token: bytes) -> bytes:
    """Numbers and versions are no part of a longer one."""
    if token[:1].isdigit() and len(token) < 12:
        return rb"(?<![0-9.])" + re.escape(token) + rb"(?![0-9]|\.[0-9])"
    return re.escape(token)
