"""What releases leave in a store, and the same for a service with more of them: other names, numbers and days.

The rows are not made up here: a few releases of one service go through the real application first. Those after the last
of these leave what it left, so many versions later.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

from shared.adapters.sqlite import SqliteDatabase
from shared.adapters.sqlite.packed import LEDGER, RECORD, pack, unpack
from shared.adapters.sqlite.schema import microseconds, short
from shared.bootstrap import utc_now
from shared.codec.chain import GENESIS, link
from shared.codec.ledger import ENTRIES
from shared.codec.state import ENVIRONMENT, NUMBERS, NUMBERS_ROW, POLICY_ROW, build_row, ended_release_row, ended_row
from shared.domain.state.release import Numbers
from shared.domain.values.names import ServiceKey
from shared.domain.values.records import replace
from shared.domain.values.version import Version
from tests.support.host import Clock
from tests.workshop.bench.shape import SAMPLE_SERVICE, SAMPLES
from tests.workshop.bench.story import BareEngine, Doors, Story
from tests.workshop.bench.world import REPOSITORY, configure, quiet, wire

BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
_HINT = datetime(2100, 1, 1, tzinfo=UTC)  # every service has a hint that is to come
_KEPT = timedelta(days=30)
# Numbers that are met nowhere else, so that they can be told from whatever else is a number.
_SEQUENCE, _BUILD, _PROMOTION, _TURN = 600_000, 700_000, 800_000, 900_000
# Names in hex are no numbers, and neither are parts of a second.
_CHANGING = re.compile(
    rb"(?P<day>\d{4}-\d\d-\d\d)(?=T)|(?<![0-9a-f.])(1\.0\.(?P<version>\d+)|(?P<kind>[6-9])\d{5})(?![0-9a-f]|\.[0-9])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a release left. `marks` are events that are kept as seen, by their entry."""

    build: bytes
    release: bytes
    ended: bytes
    ledger: Sequence[bytes]
    marks: Mapping[int, bytes]
    environments: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The ledger's first entry, what the samples left, the evidence that they speak of, and what names their policy."""

    head: bytes
    left: Sequence[Left]
    evidence: Sequence[bytes]
    policy: tuple[str, str]


class Filler:
    """Writes a service's history of so many releases, in the order of its keys; `policy` is its row, its digest and its commit."""

    def __init__(
        self, template: Template, key: ServiceKey, id_: int, count: int, policy: tuple[bytes, str, str]
    ) -> None:
        self._template, self._key, self._id, self._count = template, key, id_, count
        self._policy, *named = policy
        names = [(SAMPLE_SERVICE, key.service), (f"{REPOSITORY}~", f"{key.repository}~")]
        names += [(old[:12], new[:12]) for old, new in zip(template.policy, named, strict=True)]
        self._names = [(old.encode(), new.encode()) for old, new in names]
        self._entries, self._hash = len(template.left[0].ledger), GENESIS
        self._step = (utc_now() - BEGAN - timedelta(hours=1)) / max(count, 1)
        self._patterns: dict[bytes, tuple[bytes, list[tuple[int, int | None]]]] = {}
        # By the first digit: what is taken off a number, and what each release adds.
        starts = (_SEQUENCE - 1, self._entries), (_BUILD, 1), (_PROMOTION, 2), (_TURN, 2)
        self._numbers = {b"%d" % digit: start for digit, start in enumerate(starts, 6)}

    def fill(self, connection: sqlite3.Connection) -> None:
        """Write everything."""
        connection.executemany("INSERT INTO state VALUES (?, ?, ?)", self._state())
        connection.executemany("INSERT INTO ledger VALUES (?, ?, ?, ?)", self._ledger())
        connection.executemany("INSERT INTO seen VALUES (?, ?, ?, ?)", sorted(self._marks()))
        head = (self._id, str(self._key), 1 + self._entries * self._count, bytes.fromhex(self._hash))
        connection.execute("INSERT INTO service VALUES (?, ?, ?, ?)", head)
        connection.execute("INSERT INTO due VALUES (?, ?, 'deadline')", (self._id, microseconds(_HINT)))

    def _of(self, number: int) -> Left:
        return self._template.left[min(number, SAMPLES) - 1]

    def _at(self, number: int) -> datetime:
        return BEGAN + self._step * number

    def _own(self, row: bytes, number: int) -> bytes:
        """What a sample left, as the service's n-th release leaves it."""
        if row not in self._patterns:
            self._patterns[row] = self._pattern(row)
        pattern, changing = self._patterns[row]
        later, day = number - min(number, SAMPLES), f"{self._at(number):%Y-%m-%d}".encode()
        return pattern % tuple(day if each is None else b"%d" % (first + each * later) for first, each in changing)

    def _pattern(self, row: bytes) -> tuple[bytes, list[tuple[int, int | None]]]:
        """Cut holes for what changes, each with what a sample has there and what each release adds; None for a day."""
        changing: list[tuple[int, int | None]] = []

        def hole(found: re.Match[bytes]) -> bytes:
            if found["version"]:
                changing.append((int(found["version"]), 1))
                return b"0.9.%b"
            start, each = self._numbers[found["kind"]] if found["kind"] else (0, None)
            changing.append((int(found.group()) - start if found["kind"] else 0, each))
            return b"%b"

        for old, new in self._names:
            row = row.replace(old, new)
        return _CHANGING.sub(hole, row.replace(b"%", b"%%")), changing

    def _state(self) -> Iterator[tuple[int, str, bytes]]:
        count, id_ = self._count, self._id
        if count:
            for name, row in self._of(count).environments.items():
                yield id_, name, self._own(row, count)
            yield id_, NUMBERS_ROW, NUMBERS.encode(Numbers(promotion=2 * count, build=count, turn=2 * count))
        yield id_, POLICY_ROW, self._policy
        every = range(1, count + 1)
        for number in every:
            yield id_, build_row(number), pack(RECORD, self._own(self._of(number).build, number))
        for number in every:
            name = ended_release_row(Version.parse(f"0.9.{number}").key())
            yield id_, name, pack(RECORD, self._own(self._of(number).release, number))
        for number in reversed(every):
            name = ended_row(1 + self._entries * number)
            yield id_, name, pack(RECORD, self._own(self._of(number).ended, number))

    def _ledger(self) -> Iterator[tuple[int, int, bytes, bytes]]:
        rows = ((row, number) for number in range(1, self._count + 1) for row in self._of(number).ledger)
        for sequence, (row, number) in enumerate(chain([(self._template.head, 0)], rows), 1):
            body = self._own(row, number)
            self._hash = link(self._hash, body)
            yield self._id, sequence, bytes.fromhex(self._hash), pack(LEDGER, body)

    def _marks(self) -> Iterator[tuple[int, bytes, int, int]]:
        """What the tick has not pruned yet."""
        for number in range(1, self._count + 1):
            until = self._at(number) + _KEPT
            for nth, event in self._of(number).marks.items() if until > utc_now() else ():
                sequence = 2 + self._entries * (number - 1) + nth
                # Ids that follow from what was built are a sample's, and would be met twice.
                name = f"{self._own(event, number).decode()} {number}"
                yield self._id, short(name), sequence, microseconds(until)


def _run(folder: Path, path: Path) -> list[Mapping[str, bytes]]:
    """Release the samples; return the environments' rows after each."""
    outside, now = quiet([SAMPLE_SERVICE]), Clock()
    with closing(SqliteDatabase(path, now)) as database:
        database.recover()
        configure(replace(wire(database, outside, folder / "scratch"), now=now))
    with closing(sqlite3.connect(path)) as connection, connection:
        numbers = NUMBERS.encode(Numbers(promotion=_PROMOTION, build=_BUILD, turn=_TURN))
        connection.execute("INSERT INTO state VALUES (1, '1~numbers', ?)", (numbers,))
        connection.execute("UPDATE service SET sequence = ?", (_SEQUENCE,))
    environments = list[Mapping[str, bytes]]()
    with closing(SqliteDatabase(path, now)) as database, closing(sqlite3.connect(path)) as connection:
        database.recover()
        app = replace(wire(database, outside, folder / "scratch"), now=now)
        story, engine = Story(outside, Doors(app), [SAMPLE_SERVICE]), BareEngine(app, database.queues)
        for _ in range(SAMPLES):
            story.tell(1)
            engine.settle()
            query = "SELECT key, value FROM state WHERE key GLOB ? ORDER BY key"
            environments.append(dict(connection.execute(query, (f"{ENVIRONMENT}*",))))
        engine.stop()
    return environments


def take_template(folder: Path) -> Template:
    """Run the samples in an empty folder, and read what they left."""
    path = folder / "sample.db"
    environments = _run(folder, path)
    with closing(sqlite3.connect(path)) as connection:
        state = {key: unpack(value) for key, value in connection.execute("SELECT key, value FROM state")}
        head, *ledger = (unpack(one) for (one,) in connection.execute("SELECT body FROM ledger ORDER BY sequence"))
        seen = {mark for (mark,) in connection.execute("SELECT event FROM seen")}
        evidence = [content for (content,) in connection.execute("SELECT content FROM evidence")]
    entries, odd = divmod(len(ledger), SAMPLES)
    if odd:
        raise RuntimeError(f"{SAMPLES} equal releases left {len(ledger)} ledger entries")
    left = []
    for number in range(1, SAMPLES + 1):
        own = ledger[entries * (number - 1) : entries * number]
        events = {nth: ENTRIES.decode(body).event_id for nth, body in enumerate(own)}
        made = Left(
            build=state[build_row(_BUILD + number)],
            release=state[ended_release_row(Version.parse(f"1.0.{number}").key())],
            ended=state[ended_row(_SEQUENCE + entries * number)],
            ledger=own,
            marks={nth: event.encode() for nth, event in events.items() if short(event) in seen},
            environments=environments[number - 1],
        )
        left.append(made)
    policy = json.loads(state["1~policy"])["record"]
    return Template(head=head, left=left, evidence=evidence, policy=(policy["digest"], policy["commit"]))
