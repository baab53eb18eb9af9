"""Ledger entries, whose exact bytes the chain covers, and the check of a chain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from shared.codec.chain import GENESIS, link
from shared.codec.errors import BrokenLedger
from shared.codec.stored import Stored
from shared.domain.drafts.decision import Outcome, SaidOfCommit
from shared.domain.values.person import Person
from shared.domain.values.records import Record, Time

__all__ = ["ENTRIES", "GENESIS", "LedgerEntry", "link", "verify"]


class LedgerEntry(Record):
    """What happened and what was decided, for ever: who, when, why, and which effects followed (their ids).

    `estate` is the revision of people's holds that the decision saw; `correlation` leads to what else belongs to it.
    `statuses` are what was said beside commits.
    """

    sequence: int
    at: Time
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
    detail: tuple[tuple[str, str], ...] = ()
    statuses: tuple[SaidOfCommit, ...] = ()

    def detail_of(self, name: str) -> str:
        """Return a detail by its name, empty where the entry has none of it."""
        return dict(self.detail).get(name, "")


# What a decision has written is read a moment later, to say it of a commit.
ENTRIES = Stored[LedgerEntry]("ledger entry", LedgerEntry, remembers=1024)


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
            entry = ENTRIES.decode(row.body)
            if (entry.service, entry.sequence) != (service, sequence):
                raise BrokenLedger(service, sequence, f"is entry {entry.sequence} of {entry.service}")
    return previous
