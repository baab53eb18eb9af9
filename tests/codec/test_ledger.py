"""Ledger entries, and a chain in which no change goes unseen."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given

from shared.codec.errors import BrokenLedger
from shared.codec.ledger import ENTRIES, GENESIS, LedgerEntry, link, verify
from shared.domain.drafts.decision import Outcome
from shared.domain.values.records import replace
from tests.support.codec import examples as ex
from tests.support.codec.records import any_of

SERVICE = str(ex.DELIVERY)


@dataclass(frozen=True)
class Row:
    """An entry as a store keeps it."""

    sequence: int
    previous: str
    hash: str
    body: bytes


def _entry(sequence: int, service: str = SERVICE) -> LedgerEntry:
    return LedgerEntry(
        sequence=sequence, at=ex.NOON, service=service, event_type="time-passed", event_id="e", outcome=Outcome.NOTED
    )


def _chain(*bodies: bytes) -> list[Row]:
    rows, previous = [], GENESIS
    for sequence, body in enumerate(bodies, 1):
        hash_ = link(previous, body)
        rows.append(Row(sequence, previous, hash_, body))
        previous = hash_
    return rows


ROWS = _chain(*(ENTRIES.encode(_entry(sequence)) for sequence in (1, 2, 3)))


@given(any_of(LedgerEntry))
def test_an_entry_reads_as_it_was_written(entry: LedgerEntry) -> None:
    """Who, when, what and why are all in the bytes that the chain covers."""
    assert ENTRIES.decode(ENTRIES.encode(entry)) == entry


def test_the_hash_is_that_of_the_previous_hash_and_the_bytes() -> None:
    """Anybody can compute it without this code."""
    assert link(GENESIS, b"{}") == hashlib.sha256(b"0" * 64 + b"{}").hexdigest()


def test_a_whole_chain_verifies_to_its_last_hash() -> None:
    """In one piece or going on from an earlier check; an empty one to what it began with."""
    half = verify(ROWS[:2], service=SERVICE)

    assert verify(ROWS) == verify(ROWS[2:], previous=half, sequence=2) == ROWS[-1].hash
    assert verify([]) == GENESIS


@pytest.mark.parametrize(
    ("change", "sequence", "what"),
    [
        (lambda rows: [rows[0], rows[2]], 2, "is missing, 3 follows 1"),
        (lambda rows: [rows[0], replace(rows[1], body=rows[1].body.replace(b"noted", b"moved"))], 2, "other content"),
        (lambda rows: [rows[0], replace(rows[1], previous="1" * 64)], 2, "does not name the hash"),
        (lambda rows: [rows[0], replace(rows[1], hash="1" * 64)], 2, "other content"),
        (lambda rows: [rows[1], rows[0]], 1, "is missing, 2 follows 0"),
        (lambda rows: _chain(rows[0].body, b"x")[1:], 1, "is missing"),
    ],
    ids=["gap", "content", "previous", "hash", "order", "start"],
)  # fmt: skip
def test_a_changed_chain_is_broken_where_it_was_changed(
    change: Callable[[list[Row]], list[Row]], sequence: int, what: str
) -> None:
    """The error names the first entry that does not hold."""
    with pytest.raises(BrokenLedger, match=what) as caught:
        verify(change(ROWS))
    assert caught.value.sequence == sequence


@pytest.mark.parametrize("stranger", [_entry(2, "shop~package"), _entry(7)], ids=["service", "sequence"])
def test_an_entry_of_another_ledger_is_found_where_the_service_is_known(stranger: LedgerEntry) -> None:
    """A chain that holds in itself may have been put in another's place."""
    rows = _chain(ROWS[0].body, ENTRIES.encode(stranger))

    with pytest.raises(BrokenLedger, match="ledger of shop~delivery, entry 2: is entry"):
        verify(rows, service=SERVICE)
