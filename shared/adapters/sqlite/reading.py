"""Queries of a service's partition, for the writer's connection and for readers alike."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from datetime import timedelta

from shared.adapters.storage import partition
from shared.ports.store import LedgerRow, Loaded, Message, OutboxRow

Execute = Callable[..., sqlite3.Cursor]


def load(execute: Execute, service: str, estate: Mapping[str, bytes]) -> Loaded:
    """Read a service as a decision sees it."""
    head = execute("SELECT sequence, hash FROM head WHERE service = ?", (service,)).fetchone()
    sequence, ledger_hash = head or (0, partition.GENESIS)
    rows = execute(
        "SELECT key, value FROM state WHERE service = ? AND key >= ? AND key < ? ORDER BY key",
        (service, partition.CURRENT, partition.CURRENT_END),
    )
    return Loaded(
        sequence=sequence,
        ledger_hash=ledger_hash,
        rows=dict(rows),
        outbox=load_outbox(execute, service),
        estate=estate,
        extra={},
    )


def load_outbox(execute: Execute, service: str) -> dict[str, Message]:
    """Read the effects that are not done, oldest first."""
    rows = execute("SELECT key, queue, body, delay FROM message WHERE service = ? ORDER BY key", (service,))
    return {key: message(queue, body, delay) for key, queue, body, delay in rows}


def load_estate(execute: Execute) -> Mapping[str, bytes]:
    """Read the partition `estate`."""
    return dict(execute("SELECT key, value FROM record WHERE partition = ? ORDER BY key", (partition.ESTATE,)))


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
