"""Ledger entries ↔ the bytes that the chain covers, and the check of a chain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from shared.codec.chain import GENESIS, link
from shared.codec.errors import BrokenLedger
from shared.codec.fields import Fields
from shared.codec.primitives import Json, decode_person, dump, encode_person, read, time_text, whole
from shared.domain.decision import Outcome
from shared.domain.names import Person

__all__ = ["GENESIS", "LedgerEntry", "decode_entry", "encode_entry", "link", "verify"]

SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """What happened and what was decided, for ever: who, when, why, and which effects followed (their ids).

    `estate` is the revision of people's holds that the decision saw; `correlation` leads to what else belongs to it.
    """

    sequence: int
    at: datetime
    service: str
    event_type: str
    event_id: str
    person: Person | None = None
    outcome: Outcome
    reason: str = ""
    notes: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    correlation: str = ""
    estate: int = 0
    detail: Mapping[str, str] = field(default_factory=dict)


def encode_entry(entry: LedgerEntry) -> bytes:
    """Return the entry's exact bytes; the store hashes and keeps them and never makes them again."""
    values: Json = {
        "sequence": whole(entry.sequence),
        "at": time_text(entry.at),
        "service": entry.service,
        "event": {"type": entry.event_type, "id": entry.event_id},
        "outcome": entry.outcome,
    }
    if entry.person is not None:
        values["person"] = encode_person(entry.person)
    if entry.estate:
        values["estate"] = whole(entry.estate)
    for name, some in (
        ("reason", entry.reason),
        ("notes", entry.notes),
        ("effects", entry.effects),
        ("correlation", entry.correlation),
        ("detail", dict(entry.detail)),
    ):
        if some:
            values[name] = some
    return dump(SCHEMA, values)


def decode_entry(data: bytes) -> LedgerEntry:
    """Read a ledger entry; raise UnreadableRecord."""
    return read("ledger entry", SCHEMA, data, _decode_entry)


def _decode_entry(fields: Fields) -> LedgerEntry:
    event_type, event_id = fields.one("event", lambda event: (event.text("type"), event.text("id")))
    return LedgerEntry(
        sequence=fields.number("sequence"),
        at=fields.time("at"),
        service=fields.text("service"),
        event_type=event_type,
        event_id=event_id,
        person=fields.maybe("person", decode_person),
        outcome=fields.word("outcome", Outcome),
        reason=fields.text("reason", ""),
        notes=fields.texts("notes"),
        effects=fields.texts("effects"),
        correlation=fields.text("correlation", ""),
        estate=fields.number("estate", 0),
        detail=fields.texts_by_name("detail"),
    )


class ChainRow(Protocol):
    """A ledger entry as a store keeps it."""

    @property
    def sequence(self) -> int:
        """Its place in the ledger, from 1."""

    @property
    def previous(self) -> str:
        """The hash of the entry before it."""

    @property
    def hash(self) -> str:
        """The hash that the store computed."""

    @property
    def body(self) -> bytes:
        """The exact bytes."""


def verify(rows: Iterable[ChainRow], *, previous: str = GENESIS, sequence: int = 0, service: str = "") -> str:
    """Check entries in order and return the hash of the last; go on from an earlier check by its hash and sequence.

    With `service`, each entry must also say of itself that it stands in that service's ledger at that sequence.
    Raise BrokenLedger with the first entry that does not hold.
    """
    for row in rows:
        if row.sequence != sequence + 1:
            raise BrokenLedger(service, sequence + 1, f"is missing, {row.sequence} follows {sequence}")
        sequence = row.sequence
        if row.previous != previous:
            raise BrokenLedger(service, sequence, "does not name the hash of the entry before it")
        previous = link(previous, row.body)
        if row.hash != previous:
            raise BrokenLedger(service, sequence, "has other content than when its hash was taken")
        if service:
            entry = decode_entry(row.body)
            if (entry.service, entry.sequence) != (service, sequence):
                raise BrokenLedger(service, sequence, f"is entry {entry.sequence} of {entry.service}")
    return previous
