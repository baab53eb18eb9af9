"""Queries of a service's partition, for the writer's connection and for those that read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from shared.adapters.sqlite.packed import unpack
from shared.adapters.storage import partition
from shared.codec.chain import GENESIS
from shared.ports.store import LedgerRow, Loaded, Message, OutboxRow, outbox_prefix

Execute = Callable[..., sqlite3.Cursor]
DOOR = 0  # the service of messages that are in no outbox


class ServiceHead(NamedTuple):
    """A service's number in this file, its sequence and its last hash; number 0 if nothing of it is there yet."""

    id: int
    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class LoadedEstate:
    """The part of the partition `estate` that every decision sees."""

    rows: Mapping[str, bytes]
    sequence: int


def head(execute: Execute, service: str) -> ServiceHead:
    """Read a service's head."""
    found = execute("SELECT id, sequence, hash FROM service WHERE name = ?", (service,)).fetchone()
    if found is None:
        return ServiceHead(0, 0, GENESIS)
    return ServiceHead(found[0], found[1], found[2].hex() or GENESIS)


def names(execute: Execute, after: str, prefix: str, most: int) -> list[str]:
    """Name services in order. One that only has a hint was never written, and is left out."""
    query = (
        "SELECT name FROM service WHERE name >= ? AND name < ? AND name NOT IN (?, ?) AND sequence > 0"
        " ORDER BY name LIMIT ?"
    )
    # One lower bound: of two, SQLite searches by the first alone, and reads on from there to the second.
    values = (max(after, prefix), prefix + partition.EVER, after, partition.ESTATE, most)
    return [name for (name,) in execute(query, values)]


def load(execute: Execute, at: ServiceHead, estate: LoadedEstate) -> Loaded:
    """Read a service as a decision sees it."""
    return Loaded(
        sequence=at.sequence,
        ledger_hash=at.hash,
        rows=_current(execute, at.id) if at.id else {},
        outbox=load_outbox(execute, at.id) if at.id else {},
        estate=estate.rows,
        extra={},
        estate_sequence=estate.sequence,
    )


def load_estate(execute: Execute) -> LoadedEstate:
    """Read the estate."""
    at = head(execute, partition.ESTATE)
    return LoadedEstate(_current(execute, at.id) if at.id else {}, at.sequence)


def load_outbox(execute: Execute, service: int) -> dict[str, Message]:
    """Read the effects that are not done, oldest first."""
    rows = execute("SELECT key, queue, body, delay FROM message WHERE service = ? ORDER BY key", (service,))
    return {
        key: Message(queue=queue, body=body, delay=timedelta(microseconds=delay)) for key, queue, body, delay in rows
    }


def first_time(execute: Execute, service: int, event: bytes) -> tuple[int, str, tuple[OutboxRow, ...]] | None:
    """Return what an event led to before: sequence, hash, and the effects of that decision that are not done."""
    query = "SELECT sequence, hash FROM seen LEFT JOIN ledger USING (service, sequence) WHERE service = ? AND event = ?"
    found = execute(query, (service, event)).fetchone()
    if found is None:
        return None
    sequence, hash_ = found
    prefix = outbox_prefix(sequence)
    left = load_outbox(execute, service).items()
    outbox = tuple(OutboxRow(key=key, message=one) for key, one in left if key.startswith(prefix))
    return sequence, hash_.hex() if hash_ else "", outbox


def some_marks(execute: Execute, service: int, start: bytes, most: int) -> list[tuple[bytes, int]]:
    """Read marks of seen events with the times they expire: from a key on, then from the beginning."""
    found: list[tuple[bytes, int]] = []
    for condition in (">=", "<"):
        query = f"SELECT event, until FROM seen WHERE service = ? AND event {condition} ? ORDER BY event LIMIT ?"
        found += execute(query, (service, start, most - len(found))).fetchall()
    return found


def row(execute: Execute, service: int, key: str) -> bytes | None:
    """Read one row."""
    found = execute("SELECT value FROM state WHERE service = ? AND key = ?", (service, key)).fetchone()
    return unpack(found[0]) if found else None


def rows(execute: Execute, service: int, start: str, end: str, most: int) -> list[tuple[str, bytes]]:
    """Read rows in key order."""
    query = "SELECT key, value FROM state WHERE service = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?"
    return [(key, unpack(value)) for key, value in execute(query, (service, start, end, most))]


def ledger(execute: Execute, service: int, after: int, most: int) -> list[LedgerRow]:
    """Read ledger entries in order. An entry's previous hash is that of the row before it."""
    query = "SELECT sequence, hash, body FROM ledger WHERE service = ? AND sequence >= ? ORDER BY sequence LIMIT ?"
    found, previous = [], GENESIS
    for sequence, hash_, body in execute(query, (service, after, most + 1)):
        if sequence > after:
            found.append(LedgerRow(sequence=sequence, previous=previous, hash=hash_.hex(), body=unpack(body)))
        previous = hash_.hex()
    return found[:most]


def _current(execute: Execute, service: int) -> dict[str, bytes]:
    # Never packed: each decision reads them.
    query = "SELECT key, value FROM state WHERE service = ? AND key >= ? AND key < ? ORDER BY key"
    return dict(execute(query, (service, partition.CURRENT, partition.CURRENT_END)))
