"""Queries of a service's partition, for the writer's connection and for readers alike."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from shared.adapters.storage import partition
from shared.codec.chain import GENESIS
from shared.ports.store import LedgerRow, Loaded, Message, OutboxRow

Execute = Callable[..., sqlite3.Cursor]


@dataclass(frozen=True, slots=True)
class Estate:
    """The part of the partition `estate` that every decision sees."""

    rows: Mapping[str, bytes]
    sequence: int


def load(execute: Execute, service: str, estate: Estate) -> Loaded:
    """Read a service as a decision sees it."""
    sequence, ledger_hash = _head(execute, service)
    return Loaded(
        sequence=sequence,
        ledger_hash=ledger_hash,
        rows=_current(execute, service),
        outbox=load_outbox(execute, service),
        estate=estate.rows,
        extra={},
        estate_sequence=estate.sequence,
    )


def load_estate(execute: Execute) -> Estate:
    """Read the estate."""
    return Estate(_current(execute, partition.ESTATE), _head(execute, partition.ESTATE)[0])


def load_outbox(execute: Execute, service: str) -> dict[str, Message]:
    """Read the effects that are not done, oldest first."""
    rows = execute("SELECT key, queue, body, delay FROM message WHERE service = ? ORDER BY key", (service,))
    return {key: message(queue, body, delay) for key, queue, body, delay in rows}


def outbox_of(outbox: Mapping[str, Message], sequence: int) -> tuple[OutboxRow, ...]:
    """Return the effects of one decision that are not done."""
    prefix = partition.outbox_prefix(sequence)
    return tuple(OutboxRow(key=key, message=one) for key, one in outbox.items() if key.startswith(prefix))


def row(execute: Execute, service: str, key: str) -> bytes | None:
    """Read one row."""
    found = execute("SELECT value FROM state WHERE service = ? AND key = ?", (service, key)).fetchone()
    return found[0] if found else None


def ledger(execute: Execute, service: str, after: int, most: int) -> list[LedgerRow]:
    """Read ledger entries in order."""
    rows = execute(
        "SELECT sequence, previous, hash, body FROM ledger WHERE service = ? AND sequence > ? ORDER BY sequence LIMIT ?",
        (service, after, most),
    )
    return [
        LedgerRow(sequence=sequence, previous=previous, hash=hash_, body=body)
        for sequence, previous, hash_, body in rows
    ]


def message(queue: str, body: str, delay: int) -> Message:
    """Make an effect of its columns."""
    return Message(queue=queue, body=body, delay=timedelta(microseconds=delay))


def _head(execute: Execute, service: str) -> tuple[int, str]:
    found: tuple[int, str] | None = execute("SELECT sequence, hash FROM head WHERE service = ?", (service,)).fetchone()
    return found or (0, GENESIS)


def _current(execute: Execute, service: str) -> dict[str, bytes]:
    query = "SELECT key, value FROM state WHERE service = ? AND key >= ? AND key < ? ORDER BY key"
    return dict(execute(query, (service, partition.CURRENT, partition.CURRENT_END)))
