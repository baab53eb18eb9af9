"""What one release leaves in a store, with holes where the next one has other names, numbers and times.

The rows are not made up here: a few releases of one service go through the real application first. A hole is named by
a kind and by how many releases before this one it belongs to: `%(v1)b` is the version of the release before.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from pathlib import Path

from shared.adapters.sqlite import SqliteDatabase
from shared.adapters.sqlite.packed import LEDGER, RECORD, pack, unpack
from shared.adapters.sqlite.schema import microseconds, short
from shared.bootstrap import utc_now
from shared.codec.chain import GENESIS, link
from shared.codec.ledger import decode_entry
from shared.codec.service import encode_numbers
from shared.codec.state import ENVIRONMENT, NUMBERS, POLICY, build_row, ended_release_row, ended_row
from shared.domain.names import ServiceKey
from shared.domain.release import Numbers
from shared.domain.version import Version
from tests.support.outside import built
from tests.support.outside_registry import digest_of
from tests.workshop.bench.story import BareEngine, QueueDoors, Story, release_begins
from tests.workshop.bench.world import REPOSITORY, configure, quiet, wire

BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
SAMPLES = 12  # an environment remembers ten questions: later releases leave what the last one of these leaves
_SERVICE = "the-sample-service"
_START = datetime(2026, 1, 1, tzinfo=UTC)
_HINT = datetime(2100, 1, 1, tzinfo=UTC)  # every service has a hint that is to come
_KEPT = timedelta(days=30)
# Numbers that are met nowhere else, so that they can be told from whatever else is a number.
_SEQUENCE, _BUILD, _PROMOTION, _TURN = 600_000, 700_000, 800_000, 900_000
_DATE = re.compile(rb"\d{4}-\d\d-\d\d(?=T)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a release leaves, as patterns: `pattern % fields` is a row. `marks` are events that are kept as seen, by their entry."""

    build: bytes
    release: bytes
    ended: bytes
    ledger: tuple[bytes, ...]
    marks: Mapping[int, bytes]
    environments: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The ledger's first entry, what the first releases of a service left, and the evidence that they speak of."""

    head: bytes
    left: tuple[Left, ...]
    evidence: tuple[bytes, ...]

    def of(self, number: int) -> Left:
        """What the n-th release of a service leaves."""
        return self.left[min(number, len(self.left)) - 1]


def image_of(service: str, version: str, namespace: str = "") -> str:
    """How a version's image is named where it is applied."""
    return f"registry.example.com/{namespace}{service}:v{version}@sha256:{_names(service, version)['i']}"


def _names(service: str, version: str) -> dict[str, str]:
    """What follows from a release's name: see MemoryBuilder and release_begins."""
    commit = release_begins(ServiceKey(REPOSITORY, service), version).commit
    made = {
        kind: digest_of(built(what, service, version, commit)).text[7:]
        for kind, what in (("i", "image"), ("h", "chart"))
    }
    return {"v": version, "c": commit, "cc": commit[:12], **made}


def _numbers(number: int, entries: int) -> dict[str, int]:
    """The numbers of a service's n-th release; its ledger begins with an entry of the configuration."""
    sequences = {"q" * (each + 1): 2 + entries * (number - 1) + each for each in range(entries)}
    return {"b": number, "p": 2 * number - 1, "pp": 2 * number, "u": 2 * number - 1, "uu": 2 * number, **sequences}


# Filling


class _Fields(dict[bytes, bytes]):
    """The fields of a release, looked up when a hole asks for them: of it, or of one before it."""

    def __init__(self, own: Mapping[bytes, bytes], number: int, of: Callable[[int], Mapping[str, bytes]]) -> None:
        super().__init__(own)
        self._number, self._of = number, of

    def __missing__(self, hole: bytes) -> bytes:
        kind = hole.rstrip(b"0123456789")
        self[hole] = found = self._of(self._number - int(hole[len(kind) :]))[kind.decode()]
        return found


class Filler:
    """Writes a service's history of so many releases, in the order of its keys; `policy` is its row, its digest and its commit."""

    def __init__(self, template: Template, key: ServiceKey, number: int, count: int, policy: tuple[bytes, str, str]):
        self._policy, digest, commit = policy
        self._template, self._key, self._id, self._count = template, key, number, count
        own = {b"s0": key.service, b"m0": f"{key.repository}~", b"y0": digest[:12], b"x0": commit[:12]}
        self._own = {hole: text.encode() for hole, text in own.items()}
        self._entries = len(template.left[0].ledger)
        self._step = (utc_now() - BEGAN - timedelta(hours=1)) / max(count, 1)
        self._of, self._hash = lru_cache(maxsize=64)(self._texts), GENESIS

    def fill(self, connection: sqlite3.Connection) -> None:
        """Write everything."""
        connection.executemany("INSERT INTO state VALUES (?, ?, ?)", self._state())
        connection.executemany("INSERT INTO ledger VALUES (?, ?, ?, ?)", self._ledger())
        connection.executemany("INSERT INTO seen VALUES (?, ?, ?, ?)", sorted(self._marks()))
        head = (self._id, str(self._key), 1 + self._entries * self._count, bytes.fromhex(self._hash))
        connection.execute("INSERT INTO service VALUES (?, ?, ?, ?)", head)
        connection.execute("INSERT INTO due VALUES (?, ?, 'deadline')", (self._id, microseconds(_HINT)))

    def _texts(self, number: int) -> Mapping[str, bytes]:
        """What is a release's own, and with what it is named by those after it."""
        names = _names(self._key.service, f"0.9.{number}")
        request, day = hashlib.sha256((names["i"] + names["v"]).encode()).hexdigest(), self._at(number)
        own = {**names, **_numbers(number, self._entries), "r": request, "rr": request[:16], "t": f"{day:%Y-%m-%d}"}
        return {kind: str(value).encode() for kind, value in own.items()}

    def _at(self, number: int) -> datetime:
        return BEGAN + self._step * number

    def _releases(self, step: int = 1) -> Iterator[tuple[int, Left, _Fields]]:
        for number in range(1, self._count + 1)[::step]:
            yield number, self._template.of(number), _Fields(self._own, number, self._of)

    def _state(self) -> Iterator[tuple[int, str, bytes]]:
        count = self._count
        if count:
            for name, pattern in self._template.of(count).environments.items():
                yield self._id, name, pattern % _Fields(self._own, count, self._of)
            yield self._id, NUMBERS, encode_numbers(Numbers(promotion=2 * count, build=count, turn=2 * count))
        yield self._id, POLICY, self._policy
        for number, left, fields in self._releases():
            yield self._id, build_row(number), pack(RECORD, left.build % fields)
        for number, left, fields in self._releases():
            name = ended_release_row(Version.parse(f"0.9.{number}").key())
            yield self._id, name, pack(RECORD, left.release % fields)
        for number, left, fields in self._releases(-1):
            yield self._id, ended_row(1 + self._entries * number), pack(RECORD, left.ended % fields)

    def _ledger(self) -> Iterator[tuple[int, int, bytes, bytes]]:
        head = self._template.head % {**self._own, b"t0": self._of(1)["t"]}
        bodies = (pattern % fields for _, left, fields in self._releases() for pattern in left.ledger)
        for sequence, body in enumerate(chain([head], bodies), 1):
            self._hash = link(self._hash, body)
            yield self._id, sequence, bytes.fromhex(self._hash), pack(LEDGER, body)

    def _marks(self) -> Iterator[tuple[int, bytes, int, int]]:
        """What the tick has not pruned yet."""
        for number, left, fields in self._releases():
            until = self._at(number) + _KEPT
            for nth, event in left.marks.items() if until > utc_now() else ():
                sequence = 2 + self._entries * (number - 1) + nth
                yield self._id, short((event % fields).decode()), sequence, microseconds(until)


# Taking


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
        configure(replace(wire(database, outside, folder / "scratch"), now=now))
    with closing(sqlite3.connect(path)) as connection, connection:
        numbers = encode_numbers(Numbers(promotion=_PROMOTION, build=_BUILD, turn=_TURN))
        connection.execute("INSERT INTO state VALUES (1, '1~numbers', ?)", (numbers,))
        connection.execute("UPDATE service SET sequence = ?", (_SEQUENCE,))
    days, environments = [now.day], [dict[str, bytes]()]
    with closing(SqliteDatabase(path, now)) as database, closing(sqlite3.connect(path)) as connection:
        database.recover()
        app = replace(wire(database, outside, folder / "scratch"), now=now)
        story, engine = Story(outside, QueueDoors(app), [_SERVICE]), BareEngine(app, database.queues)
        for _ in range(SAMPLES):
            now.next()
            story.tell(1)
            engine.settle()
            query = "SELECT key, value FROM state WHERE key GLOB ? ORDER BY key"
            days.append(now.day)
            environments.append(dict(connection.execute(query, (f"{ENVIRONMENT}*",))))
        engine.stop()
    return [f"{day:%Y-%m-%d}" for day in days], environments


def take_template(folder: Path) -> Template:
    """Run the releases in an empty folder and turn what they leave into patterns."""
    path = folder / "sample.db"
    days, environments = _run(folder, path)
    with closing(sqlite3.connect(path)) as connection:
        state = {key: unpack(value) for key, value in connection.execute("SELECT key, value FROM state")}
        head, *ledger = (unpack(one) for (one,) in connection.execute("SELECT body FROM ledger ORDER BY sequence"))
        seen = {mark for (mark,) in connection.execute("SELECT event FROM seen")}
        evidence = tuple(content for (content,) in connection.execute("SELECT content FROM evidence"))
    entries, odd = divmod(len(ledger), SAMPLES)
    if odd:
        raise RuntimeError(f"{SAMPLES} equal releases left {len(ledger)} ledger entries")
    tokens = _tokens(state, entries)
    patterns = [_pattern(token) for token in sorted(tokens, key=len, reverse=True)]
    everything = re.compile(b"|".join([_DATE.pattern, *patterns]))
    tokens |= {day.encode(): (number, "t") for number, day in enumerate(days)}

    def cut(data: bytes, number: int) -> bytes:
        """Put a hole where something belongs to this release, or to one so many before it."""

        def hole(found: re.Match[bytes]) -> bytes:
            if found.group() not in tokens:
                raise RuntimeError(f"{found.group().decode()} is of no sample's time")
            whose, kind = tokens[found.group()]
            return f"%({kind}{0 if whose is None else number - whose})b".encode()

        return everything.sub(hole, data.replace(b"%", b"%%"))

    def left(number: int) -> Left:
        own = ledger[entries * (number - 1) : entries * number]
        events = {nth: decode_entry(body).event_id for nth, body in enumerate(own)}
        return Left(
            build=cut(state[build_row(_BUILD + number)], number),
            release=cut(state[ended_release_row(Version.parse(f"1.0.{number}").key())], number),
            ended=cut(state[ended_row(_SEQUENCE + entries * number)], number),
            ledger=tuple(cut(body, number) for body in own),
            marks={nth: cut(event.encode(), number) for nth, event in events.items() if short(event) in seen},
            environments={key: cut(value, number) for key, value in environments[number].items()},
        )

    return Template(head=cut(head, 0), left=tuple(left(one + 1) for one in range(SAMPLES)), evidence=evidence)


def _tokens(state: Mapping[str, bytes], entries: int) -> dict[bytes, tuple[int | None, str]]:
    """Whose each text is that differs from release to release or service to service, and its kind."""
    policy = json.loads(state["1~policy"])
    own = {_SERVICE: "s", f"{REPOSITORY}~": "m", policy["digest"][:12]: "y", policy["commit"][:12]: "x"}
    found: dict[bytes, tuple[int | None, str]] = {text.encode(): (None, kind) for text, kind in own.items()}
    starts = {"b": _BUILD, "p": _PROMOTION, "u": _TURN, "q": _SEQUENCE - 1}
    for number in range(1, SAMPLES + 1):
        release = json.loads(state[ended_release_row(Version.parse(f"1.0.{number}").key())])
        request = next(one["approval"]["id"] for one in release["promotions"] if "approval" in one)
        texts = {**_names(_SERVICE, f"1.0.{number}"), "r": request, "rr": request[:16]}
        numbers = {kind: str(starts[kind[0]] + n) for kind, n in _numbers(number, entries).items()}
        found |= {text.encode(): (number, kind) for kind, text in {**texts, **numbers}.items()}
    return found


def _pattern(token: bytes) -> bytes:
    """Numbers and versions are no part of a longer one."""
    if token[:1].isdigit() and len(token) < 12:
        return rb"(?<![0-9.])" + re.escape(token) + rb"(?![0-9]|\.[0-9])"
    return re.escape(token)
