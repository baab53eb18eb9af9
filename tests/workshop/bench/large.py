"""A large store: services by the thousand, releases that ended by the million. It lies below .local/bench, where it is found again.

Its rows are not made up: the product reads the configuration, and releases the first service a few times. What they left is
written again for every service, under its name; later releases leave what the last of them left, with the numbers that go on.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import TypeAlias

from shared.adapters.sqlite.packed import LEDGER, RECORD, pack
from shared.adapters.sqlite.schema import FORMAT, microseconds, short
from shared.bootstrap import utc_now
from shared.codec.chain import link
from shared.codec.ledger import ENTRIES
from shared.codec.state import BUILD, ENDED, ENDED_RELEASE, POLICY_ROW, build_row, ended_release_row, ended_row
from shared.domain.values.names import ServiceKey
from shared.domain.values.version import Version
from tests.workshop.bench.figures import CACHE, in_folder
from tests.workshop.bench.outside import ENDED_SERIES, Quiet, Shape
from tests.workshop.bench.story import Doors, Story
from tests.workshop.bench.world import ENGINE, Hosted, configure, hosted

SAMPLES = 12  # an environment remembers ten questions: later releases leave what the last one of these leaves
_ROWS = 5  # raised when rows are made otherwise
_HINT = microseconds(datetime(2100, 1, 1, tzinfo=UTC))  # every service has a hint that is to come
_KEPT = timedelta(days=30)
_UNPRUNED = 24  # one release of so many is so young that marks of its events are still there
_STATE, _ENTRY = "1~", "entry "
# Times, and names in hex, stay a sample's; any other number may go on.
_NUMBER = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+|[0-9a-f][0-9a-f-]{11,}|(\d+)")
# What a release left: rows of the state by their keys, its own rows by the beginning of theirs, and entries of the ledger.
Left: TypeAlias = Mapping[str, bytes]


def large_store(shape: Shape, folder: Path, cache: Path = CACHE) -> None:
    """Put a store of that shape where a host keeps its state; it is a copy of one that is made if it is not there."""
    # Another schema, another shape or another way of making the rows is another file.
    name = hashlib.sha256(f"{_ROWS} {FORMAT} {astuple(shape)}".encode()).hexdigest()[:12]
    path, target = cache / f"store-{name}.db", folder / "slipway.db"
    if not path.exists():
        began = time.monotonic()
        in_folder(lambda making: _make(shape, making).replace(path), cache)
        took, size = time.monotonic() - began, path.stat().st_size / shape.releases
        print(f"made {path} in {took:.0f} s: {shape.releases:,} ended releases, {size:,.0f} bytes each", flush=True)
    shutil.copyfile(path, target)
    # What is still on its way to the disk would be waited for by the first that is measured.
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def _make(shape: Shape, folder: Path) -> Path:
    """Begin by the product, and write the rest into a file that nobody misses if the machine stops."""
    outside = Quiet(shape)
    with hosted(folder, outside, kind=ENGINE) as host:
        for repository in shape.configured():
            configure(host.app, repository)
        host.settle()
        samples = _samples(host, outside, shape.key(0))
    with closing(sqlite3.connect(folder / "slipway.db", isolation_level=None)) as connection:
        for setting in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-200000"):
            connection.execute(f"PRAGMA {setting}")
        connection.execute("BEGIN")
        _write(connection, shape, samples)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=WAL")
    return folder / "slipway.db"


def _samples(host: Hosted, outside: Quiet, key: ServiceKey) -> Sequence[Left]:
    """Release a service that was never released, and read what each release left."""
    store, name, state = host.app.store, str(key), []
    story = Story(outside, Doors(host.app), [key], ENDED_SERIES)
    for _ in range(SAMPLES):
        story.tell(1)
        host.settle()
        state.append({row: value for row, value in store.read(name).rows.items() if row != POLICY_ROW})
    own = {kind: store.range(name, kind, f"{kind}~", most=SAMPLES) for kind in (BUILD, ENDED_RELEASE)}
    own[ENDED] = store.range(name, ENDED, f"{ENDED}~", most=SAMPLES)[::-1]  # what ended last comes first
    ledger = [row.body for row in store.ledger(name, after=1, most=100 * SAMPLES)]
    each, odd = divmod(len(ledger), SAMPLES)
    if odd:
        raise RuntimeError(f"{SAMPLES} equal releases left {len(ledger)} ledger entries")
    return [
        state[nth]
        | {kind: rows[nth][1] for kind, rows in own.items()}
        | {f"{_ENTRY}{place}": ledger[each * nth + place] for place in range(each)}
        for nth in range(SAMPLES)
    ]


def _write(connection: sqlite3.Connection, shape: Shape, samples: Sequence[Left]) -> None:
    """Write every service in the order of its keys, instead of what is there."""
    services = connection.execute(
        "SELECT id, name, ledger.hash, body, value FROM service JOIN ledger ON ledger.service = id"
        " JOIN state ON state.service = id AND key = ? WHERE ledger.sequence = 1 ORDER BY id",
        (POLICY_ROW,),
    ).fetchall()
    every = set(shape.every())
    seen = {mark for (mark,) in connection.execute("SELECT event FROM seen")}
    for table in ("state", "ledger", "seen", "due"):
        connection.execute(f"DELETE FROM {table}")
    for id_, name, head, body, policy in services:
        key = ServiceKey.parse(name)
        count = shape.largest if key == shape.key(0) else shape.each if key in every else 0
        history = _History(samples, shape.key(0), key, count)
        connection.executemany(f"INSERT INTO state VALUES ({id_}, ?, ?)", history.state(policy))
        connection.executemany(f"INSERT INTO ledger VALUES ({id_}, ?, ?, ?)", history.ledger(head, body))
        connection.executemany(f"INSERT INTO seen VALUES ({id_}, ?, ?, ?)", sorted(history.marks(seen)))
        connection.execute("INSERT INTO due VALUES (?, ?, 'deadline')", (id_, _HINT))
    last = "SELECT sequence, hash FROM ledger WHERE service = id ORDER BY sequence DESC LIMIT 1"
    connection.execute(f"UPDATE service SET (sequence, hash) = ({last})")


class _History:
    """A service's so many releases."""

    def __init__(self, samples: Sequence[Left], sample: ServiceKey, key: ServiceKey, count: int) -> None:
        self._samples, self._count, self._every = samples, count, range(1, count + 1)
        self._entries = [place for place in samples[0] if place.startswith(_ENTRY)]
        names = (sample.service, key.service), (f"{sample.repository}~", f"{key.repository}~")
        self._names = [(old.encode(), new.encode()) for old, new in names]
        self._patterns: dict[tuple[int, str], tuple[bytes, list[tuple[int, int]]]] = {}

    def state(self, policy: bytes) -> Iterator[tuple[str, bytes]]:
        """Rows of the state, in their order."""
        for row in self._samples[0] if self._count else ():
            if row.startswith(_STATE):
                yield row, self._row(row, self._count)
        yield POLICY_ROW, policy
        for number in self._every:
            yield build_row(number), pack(RECORD, self._row(BUILD, number))
        for number in self._every:
            key = Version.parse(f"{ENDED_SERIES}.{number}").key()
            yield ended_release_row(key), pack(RECORD, self._row(ENDED_RELEASE, number))
        for number in reversed(self._every):
            yield ended_row(1 + len(self._entries) * number), pack(RECORD, self._row(ENDED, number))

    def ledger(self, head: bytes, body: bytes) -> Iterator[tuple[int, bytes, bytes]]:
        """The chain, after the entry that the service began with."""
        yield 1, head, body
        for sequence, (number, place) in enumerate(product(self._every, self._entries), 2):
            entry = self._row(place, number)
            head = bytes.fromhex(link(head.hex(), entry))
            yield sequence, head, pack(LEDGER, entry)

    def marks(self, seen: set[bytes]) -> Iterator[tuple[bytes, int, int]]:
        """What the tick has not pruned yet."""
        until = microseconds(utc_now() + _KEPT)
        for nth, place in enumerate(self._entries):
            event = ENTRIES.decode(self._samples[0][place]).event_id
            for number in self._every[-self._count // _UNPRUNED :] if short(event) in seen else ():
                yield short(f"{event} {number}"), 2 + len(self._entries) * (number - 1) + nth, until

    def _row(self, place: str, number: int) -> bytes:
        """What the n-th release leaves there."""
        sample = min(number, SAMPLES + 1)
        if (found := self._patterns.get((sample, place))) is None:
            last, earlier = (self._samples[nth][place] for nth in (min(number, SAMPLES) - 1, -2))
            pattern, growing = _going_on(last, earlier) if number > SAMPLES else (last.replace(b"%", b"%%"), [])
            for old, new in self._names:
                pattern = pattern.replace(old, new)
            found = self._patterns[sample, place] = (pattern, growing)
        pattern, growing = found
        return pattern % tuple(first + each * (number - SAMPLES) for first, each in growing)


def _going_on(last: bytes, earlier: bytes) -> tuple[bytes, list[tuple[int, int]]]:
    """Cut holes into a row for the numbers that have grown since the release before: what each is there, and by how much it grows."""
    growing: list[tuple[int, int]] = []
    before = (one[1] for one in _NUMBER.finditer(earlier))

    def hole(found: re.Match[bytes]) -> bytes:
        old = next(before)
        if found[1] is None or found[1] == old:
            return found[0]
        growing.append((int(found[1]), int(found[1]) - int(old)))
        return b"%d"

    return _NUMBER.sub(hole, last.replace(b"%", b"%%")), growing
