"""Writes one service of a large store: its history, in the order of its keys."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta

from shared.adapters.sqlite.packed import LEDGER, RECORD, pack
from shared.adapters.sqlite.schema import microseconds, short
from shared.bootstrap import utc_now
from shared.codec.chain import GENESIS, link
from shared.codec.service import encode_numbers
from shared.codec.state import NUMBERS, POLICY, build_row, ended_release_row, ended_row
from shared.domain.release import Numbers
from shared.domain.version import Version
from tests.workshop.bench.shape import BEGAN, Shape
from tests.workshop.bench.template import Left, Template, names_in, numbers_in

_KEPT = timedelta(days=30)
_REMEMBERED = 64
_HINT = datetime(2100, 1, 1, tzinfo=BEGAN.tzinfo)  # every service has a hint that is to come


class Filler:
    """One service, by its number; all of a run's services have the same template."""

    def __init__(self, shape: Shape, template: Template, index: int) -> None:
        self._shape, self._template = shape, template
        self._id, self._key = index + 1, shape.key(index)
        self._count = shape.releases_of(index)
        self._policy, digest, commit = shape.policy(index)
        self._own = {
            b"s0": self._key.service.encode(),
            b"m0": f"{self._key.repository}~".encode(),
            b"y0": digest[:12].encode(),
            b"x0": commit[:12].encode(),
        }
        self._step = (utc_now() - BEGAN - timedelta(hours=1)) / max(self._count, 1)
        self._known: dict[int, dict[str, bytes]] = {}
        self._holes: dict[int, list[tuple[bytes, str, int]]] = {}

    def fill(self, connection: sqlite3.Connection) -> None:
        """Write everything."""
        connection.executemany("INSERT INTO state VALUES (?, ?, ?)", self._state())
        self._hash = GENESIS
        connection.executemany("INSERT INTO ledger VALUES (?, ?, ?, ?)", self._ledger())
        connection.executemany("INSERT INTO seen VALUES (?, ?, ?, ?)", sorted(self._marks()))
        entries = 1 + self._template.entries * self._count
        head = (self._id, str(self._key), entries, bytes.fromhex(self._hash))
        connection.execute("INSERT INTO service VALUES (?, ?, ?, ?)", head)
        connection.execute("INSERT INTO due VALUES (?, ?, 'deadline')", (self._id, microseconds(_HINT)))

    def _state(self) -> Iterator[tuple[int, str, bytes]]:
        count = self._count
        if count:
            for key, pattern in self._template.of(count).environments.items():
                yield self._id, key, pattern % self._fields(count, self._template.of(count))
            yield self._id, NUMBERS, encode_numbers(Numbers(promotion=2 * count, build=count, turn=2 * count))
        yield self._id, POLICY, self._policy
        for number, left, fields in self._releases():
            yield self._id, build_row(number), pack(RECORD, left.build % fields)
        for number, left, fields in self._releases():
            key = ended_release_row(Version.parse(self._shape.version(number)).key())
            yield self._id, key, pack(RECORD, left.release % fields)
        for number, left, fields in self._releases(reverse=True):
            key = ended_row(1 + self._template.entries * number)
            yield self._id, key, pack(RECORD, left.ended % fields)

    def _ledger(self) -> Iterator[tuple[int, int, bytes, bytes]]:
        sequence = 1
        yield self._entry(sequence, self._template.head % {**self._own, b"t0": self._release(1)["t"]})
        for _, left, fields in self._releases():
            for pattern in left.ledger:
                sequence += 1
                yield self._entry(sequence, pattern % fields)

    def _entry(self, sequence: int, body: bytes) -> tuple[int, int, bytes, bytes]:
        self._hash = link(self._hash, body)
        return self._id, sequence, bytes.fromhex(self._hash), pack(LEDGER, body)

    def _marks(self) -> Iterator[tuple[int, bytes, int, int]]:
        """What the tick has not pruned yet."""
        now = utc_now()
        for number, left, fields in self._releases():
            until = self._at(number) + _KEPT
            if until > now:
                for nth, event in left.marks:
                    sequence = 2 + self._template.entries * (number - 1) + nth
                    yield self._id, short((event % fields).decode()), sequence, microseconds(until)

    def _releases(self, *, reverse: bool = False) -> Iterator[tuple[int, Left, dict[bytes, bytes]]]:
        numbers = range(1, self._count + 1)
        for number in reversed(numbers) if reverse else numbers:
            left = self._template.of(number)
            yield number, left, self._fields(number, left)

    def _fields(self, number: int, left: Left) -> dict[bytes, bytes]:
        holes = self._holes.get(id(left))
        if holes is None:
            holes = self._holes[id(left)] = [hole for hole in left.holes() if hole[0] not in self._own]
        return self._own | {name: self._release(number - back)[kind] for name, kind, back in holes}

    def _release(self, number: int) -> dict[str, bytes]:
        """What is a release's own, and with what it is named by those after it."""
        found = self._known.get(number)
        if found is None:
            names = names_in(self._key.service, self._shape.version(number))
            request = hashlib.sha256(names["i"] + names["v"]).hexdigest().encode()
            if len(self._known) > _REMEMBERED:
                self._known.clear()
            found = self._known[number] = {
                **names,
                "cc": names["c"][:12],
                "r": request,
                "rr": request[:16],
                "t": f"{self._at(number):%Y-%m-%d}".encode(),
                **{kind: b"%d" % n for kind, n in numbers_in(number, self._template.entries).items()},
            }
        return found

    def _at(self, number: int) -> datetime:
        return BEGAN + self._step * number
