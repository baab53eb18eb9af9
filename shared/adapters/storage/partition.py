"""The layout of a service's partition and the plan of one commit, the same in every store.

The limits are those of Azure Tables and hold everywhere, so that nothing is built that production cannot keep.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from shared.adapters.storage.sizes import sent_size
from shared.codec.chain import link
from shared.codec.keys import decode_part, encode_part
from shared.domain.values.errors import InvalidValue
from shared.ports.store import Committed, Due, Loaded, Message, NeedsRows, OutboxRow, TooLarge, Write, outbox_key

HEAD = "1~head"
OUTBOX, LEDGER, SEEN, EXPIRY = "1~outbox~", "4~ledger~", "5~seen~", "6~until~"
CURRENT, CURRENT_END = "1~", "1\x7f"
EVER = "\x7f"  # behind every key of ours
ESTATE = "estate"

MOST_ROWS = 100
MOST_VALUE = 64 * 1024
MOST_BATCH = 4 * 1024 * 1024
MOST_KEY = 512  # of two bytes each, as the service counts
_HEADER = 256  # what a store adds to a ledger entry or a message when it keeps it in one value
_ROUNDS = 8
_FORBIDDEN = re.compile(r"[/\\#?\x00-\x1f\x7f-\x9f]")


class Plan(NamedTuple):
    """Everything that one commit writes, encoded and checked. Only whether rows to delete are there is left open."""

    service: str
    seen: str | None
    seen_until: datetime
    sequence: int
    previous: str
    hash: str
    ledger: bytes
    puts: Mapping[str, bytes]
    deletes: frozenset[str]
    outbox: tuple[OutboxRow, ...]
    done: frozenset[str]
    due: tuple[Due, ...]
    write: Write

    def committed(self) -> Committed:
        """Return what the plan led to, once it is written."""
        return Committed(sequence=self.sequence, ledger_hash=self.hash, outbox=self.outbox, write=self.write)


def names_range(after: str, prefix: str) -> tuple[str, str]:
    """Return the range of services' names that begin with `prefix` and do not come before `after`, which may be in it."""
    return max(after, prefix), prefix + EVER


def outbox_keys(keys: Iterable[str]) -> list[str]:
    """Return the keys that name effects; nothing else may be forgotten."""
    return [key for key in keys if key.startswith(OUTBOX)]


def ledger_key(sequence: int) -> str:
    """Name a ledger entry."""
    return f"{LEDGER}{sequence:020d}"


def seen_key(event_id: str) -> str:
    """Name the mark of an event; an id too long for a key is named by its hash."""
    part = encode_part(event_id)
    if len(part) > MOST_KEY // 2:
        part = "=sha256=" + hashlib.sha256(event_id.encode()).hexdigest()
    return SEEN + part


def expiry_key(until: datetime, sequence: int) -> str:
    """Name the row that says when a mark expires, so that all that have expired are one range."""
    return f"{EXPIRY}{utc_text(until)}~{sequence:020d}"


def due_key(service: str, due: Due) -> str:
    """Name a hint so that names sort by time. The same hint twice is one row."""
    return f"{utc_text(due.at)}~{encode_part(service)}~{encode_part(due.what)}"


def service_of_due(key: str) -> str:
    """Return the service that a hint's name holds; empty for what is no such name."""
    try:
        return decode_part(key.split("~")[1])
    except (IndexError, InvalidValue):
        return ""


def time_of_due(key: str) -> str:
    """Return the time that a hint's name begins with, as `utc_text` writes it."""
    return key.partition("~")[0]


def utc_text(at: datetime) -> str:
    """Write a time so that texts sort as times do."""
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def is_own(key: str) -> bool:
    """Whether a row is the store's own: head, outbox, ledger, marks of events and when they go."""
    return key == HEAD or key.startswith((OUTBOX, LEDGER, SEEN, EXPIRY))


@lru_cache(maxsize=4096)
def check_key(key: str) -> None:
    """Raise ValueError for a key that Azure Tables would not take."""
    if not key or len(key.encode("utf-16-le", "replace")) > 2 * MOST_KEY or _FORBIDDEN.search(key):
        raise ValueError(
            f"{key!r} cannot be a key: encode its parts with shared.codec.keys, {MOST_KEY} characters at most"
        )


def check_value(key: str, value: bytes) -> None:
    """Raise TooLarge for a value that no row can hold."""
    if len(value) > MOST_VALUE:
        raise TooLarge(
            f"row {key} has {len(value)} bytes, {MOST_VALUE} fit; keep it as evidence and refer to it by its hash"
        )


def decide(
    loaded: Loaded,
    fn: Callable[[Loaded], Write | None],
    fetch: Callable[[tuple[str, ...]], Mapping[str, bytes | None]],
) -> Write | None:
    """Call fn until it answers, reading the rows that it asks for. Raise its NeedsRows if it never has enough."""
    for _ in range(_ROUNDS):
        try:
            return fn(loaded)
        except NeedsRows as needed:
            loaded = replace(loaded, extra={**loaded.extra, **fetch(needed.keys)})
    return fn(loaded)


def plan(service: str, event_id: str, loaded: Loaded, write: Write, *, seen_until: datetime) -> Plan:
    """Encode a decision and check it against the limits before anything is written.

    Raise TooLarge beyond the limits, ValueError for keys that are the store's own or that Tables would refuse.
    """
    sequence = loaded.sequence + 1
    entry = write.ledger(sequence, loaded.ledger_hash)
    made = Plan(
        service=service,
        seen=seen_key(event_id) if write.mark else None,
        seen_until=seen_until,
        sequence=sequence,
        previous=loaded.ledger_hash,
        hash=link(loaded.ledger_hash, entry),
        ledger=entry,
        puts=dict(write.puts),
        deletes=frozenset(key for key in write.deletes if key in loaded.rows or not key.startswith(CURRENT)),
        outbox=tuple(OutboxRow(key=outbox_key(sequence, n), message=message) for n, message in enumerate(write.outbox)),
        done=write.done & loaded.outbox.keys(),
        due=tuple(write.due),
        write=write,
    )
    _check_callers_keys(service, write)
    _check_limits(made)
    return made


def loaded_after(loaded: Loaded, made: Plan) -> Loaded:
    """Return the service as the next decision reads it, once the plan is committed."""
    rows, outbox = dict(loaded.rows), dict(loaded.outbox)
    for key, value in made.puts.items():
        if key.startswith(CURRENT):
            rows[key] = value
    for key in made.deletes:
        rows.pop(key, None)
    for key in made.done:
        outbox.pop(key, None)
    for row in made.outbox:
        outbox[row.key] = row.message
    return Loaded(
        sequence=made.sequence,
        ledger_hash=made.hash,
        rows=rows,
        outbox=outbox,
        estate=loaded.estate,
        extra=loaded.extra,
        estate_sequence=loaded.estate_sequence,
        decoded=made.write.decoded,
    )


def _check_callers_keys(service: str, write: Write) -> None:
    for key in (*write.puts, *write.deletes):
        _check_callers_key(service, key)
    if both := write.deletes & write.puts.keys():
        raise ValueError(f"decision for {service} both puts and deletes {', '.join(sorted(both))}")


@lru_cache(maxsize=4096)
def _check_callers_key(service: str, key: str) -> None:
    check_key(key)
    if is_own(key):
        raise ValueError(f"row {key} of {service} belongs to the store; a decision may not write it")


def _check_limits(made: Plan) -> None:
    # No character takes more than four bytes; most decisions are far from every limit.
    characters = sum([len(row.message.body) for row in made.outbox])
    roughly = sum(map(len, made.puts.values())) + len(made.ledger) + 4 * characters
    few = len(made.puts) + len(made.deletes) + len(made.done) + len(made.outbox) < MOST_ROWS // 2
    if few and roughly < MOST_VALUE // 2:
        return
    for key, value in made.puts.items():
        check_value(key, value)
    _check_kept(ledger_key(made.sequence), len(made.ledger))
    bodies = [_body_size(row.message) for row in made.outbox]
    for row, size in zip(made.outbox, bodies, strict=True):
        _check_kept(row.key, size)
    deleted = len(made.deletes) + len(made.done)
    rows = len(made.puts) + deleted + len(made.outbox) + 4  # head, ledger entry, mark and when it goes
    if rows > MOST_ROWS:
        raise TooLarge(
            f"decision for {made.service} writes {rows} rows, {MOST_ROWS} fit into a batch; decide in smaller steps"
        )
    named = (HEAD, made.seen or "", *made.puts, *made.deletes, *made.done, *(row.key for row in made.outbox))
    size = sent_size((*map(len, made.puts.values()), len(made.ledger), *bodies), named, made.service, rows)
    if size > MOST_BATCH:
        raise TooLarge(
            f"decision for {made.service} takes {size} bytes, {MOST_BATCH} fit into a batch; keep large values as evidence"
        )


def _check_kept(key: str, size: int) -> None:
    if size > MOST_VALUE - _HEADER:
        raise TooLarge(
            f"row {key} has {size} bytes, {MOST_VALUE - _HEADER} fit; keep it as evidence and refer to it by its hash"
        )


def _body_size(message: Message) -> int:
    return len(message.body.encode())
