"""The store's own rows as bytes: a line of JSON, then the content, untouched.

For stores that know only keys and values (memory, Tables); SQLite has columns for the same.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.adapters.storage import partition
from shared.adapters.storage.partition import Plan
from shared.codec.chain import GENESIS
from shared.domain.values.errors import SlipwayError
from shared.ports.store import Due, DueRow, LedgerHead, LedgerRow, Loaded, Message

SCHEMA = 1
_MICROSECOND = timedelta(microseconds=1)


class UnreadableRow(SlipwayError):
    """A row of the store's own has a shape that this code does not know, most likely a newer one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A commit as rows. `inserts` must be absent, `deletes` present. The head is written only if it is as it was read."""

    head: bytes
    upserts: Mapping[str, bytes] = field(default_factory=dict)
    inserts: Mapping[str, bytes] = field(default_factory=dict)
    deletes: frozenset[str] = frozenset()


def pack(header: Mapping[str, Any], body: bytes = b"") -> bytes:
    """Write a header line and the bytes after it."""
    return json.dumps({**header, "schema": SCHEMA}, sort_keys=True, separators=(",", ":")).encode() + b"\n" + body


def unpack(key: str, value: bytes) -> tuple[Mapping[str, Any], bytes]:
    """Return header and body; raise UnreadableRow for anything but our schema."""
    line, _, body = value.partition(b"\n")
    try:
        header = json.loads(line)
        schema = header["schema"]
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableRow(f"row {key} is damaged; restore the store from its backup") from error
    if schema != SCHEMA:
        raise UnreadableRow(f"row {key} has schema {schema}, this version reads {SCHEMA}; deploy the newer version")
    return header, body


def batch_of(made: Plan, deletes: frozenset[str], due_hint: datetime | None = None) -> Batch:
    """Turn a plan into rows. `deletes`: those of its deletes that are there. `due_hint`: time of a hint that is there."""
    seen = {}
    if made.seen is not None:
        seen[made.seen] = pack({"sequence": made.sequence, "until": made.seen_until.astimezone(UTC).isoformat()})
        seen[partition.expiry_key(made.seen_until, made.sequence)] = pack({"seen": made.seen})
    ledger = pack({"previous": made.previous, "hash": made.hash}, made.ledger)
    return Batch(
        head=pack({"sequence": made.sequence, "hash": made.hash, **_due(due_hint)}),
        upserts=made.puts,
        inserts={
            **seen,
            partition.ledger_key(made.sequence): ledger,
            **{row.key: pack_message(row.message) for row in made.outbox},
        },
        deletes=deletes | made.done,
    )


def pack_message(message: Message) -> bytes:
    """Write an effect as its outbox row."""
    return pack({"queue": message.queue, "delay": message.delay // _MICROSECOND}, message.body.encode())


def unpack_message(key: str, value: bytes) -> Message:
    """Read an outbox row."""
    header, body = unpack(key, value)
    return Message(queue=header["queue"], body=body.decode(), delay=header["delay"] * _MICROSECOND)


def unpack_ledger(key: str, value: bytes) -> LedgerRow:
    """Read a ledger entry; its bytes are as the decision wrote them."""
    header, body = unpack(key, value)
    sequence = int(key.removeprefix(partition.LEDGER))
    return LedgerRow(sequence=sequence, previous=header["previous"], hash=header["hash"], body=body)


def unpack_expiry(key: str, value: bytes) -> str:
    """Return the key of the mark that expires at this time."""
    header, _ = unpack(key, value)
    return str(header["seen"])


def unpack_seen(key: str, value: bytes) -> tuple[int, datetime]:
    """Return the sequence that an event led to, and when its mark expires."""
    header, _ = unpack(key, value)
    return header["sequence"], datetime.fromisoformat(header["until"])


def unpack_range(rows: Mapping[str, bytes], estate: Mapping[str, bytes]) -> Loaded:
    """Sort the ranges `1~` of a service and of the estate into what a decision reads."""
    sequence, ledger_hash = _unpack_head(rows)
    return Loaded(
        sequence=sequence,
        ledger_hash=ledger_hash,
        rows=_callers(rows),
        outbox={key: unpack_message(key, value) for key, value in rows.items() if key.startswith(partition.OUTBOX)},
        estate=_callers(estate),
        estate_sequence=_unpack_head(estate)[0],
        extra={},
    )


def heads(rows: Mapping[str, tuple[bytes, str] | None]) -> dict[str, LedgerHead]:
    """Read services' heads, with etags as they were read."""
    return {name: LedgerHead(*_unpack_head({partition.HEAD: row[0]} if row else {})) for name, row in rows.items()}


def sequences(rows: Mapping[str, tuple[bytes, str] | None]) -> dict[str, int]:
    """Read how far services are from their heads."""
    return {name: head.sequence for name, head in heads(rows).items()}


def pack_due(service: str, due: Due) -> bytes:
    """Write a hint."""
    return pack({"service": service, "at": due.at.astimezone(UTC).isoformat(), "what": due.what})


def unpack_due(key: str, value: bytes) -> DueRow:
    """Read a hint."""
    header, _ = unpack(key, value)
    return DueRow(key=key, service=header["service"], at=datetime.fromisoformat(header["at"]), what=header["what"])


def due_hint(rows: Mapping[str, bytes]) -> datetime | None:
    """Return the time of the hint that the head names, if it names one."""
    header, _ = unpack(partition.HEAD, rows[partition.HEAD]) if partition.HEAD in rows else ({}, b"")
    return datetime.fromisoformat(header["due"]) if "due" in header else None


def head_without(head: bytes, times: Collection[str]) -> bytes | None:
    """Return the head without the hint of one of these times; None if it names none of them, or cannot be read."""
    try:
        known = due_hint({partition.HEAD: head})
    except UnreadableRow:
        return None
    if known is None or partition.utc_text(known) not in times:
        return None
    header, _ = unpack(partition.HEAD, head)
    return pack({name: value for name, value in header.items() if name not in ("due", "schema")})


def _due(due_hint: datetime | None) -> Mapping[str, str]:
    return {"due": due_hint.astimezone(UTC).isoformat()} if due_hint is not None else {}


def _unpack_head(rows: Mapping[str, bytes]) -> tuple[int, str]:
    if partition.HEAD not in rows:
        return 0, GENESIS
    header, _ = unpack(partition.HEAD, rows[partition.HEAD])
    return header["sequence"], header["hash"]


def _callers(rows: Mapping[str, bytes]) -> dict[str, bytes]:
    return {key: value for key, value in rows.items() if not partition.is_own(key)}
