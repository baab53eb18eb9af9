"""The stored form is a promise: what an older Slipway wrote must be read, so a change of it has to be seen."""

from __future__ import annotations

import pytest

from tests.support.codec.messages import FILE, lines
from tests.support.codec.stored import GOLDEN, RECORDS


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_stored_byte_for_byte_as_before(name: str) -> None:
    """A difference asks for a new schema number; then write the file anew with tests.support.codec.stored."""
    golden = (GOLDEN / f"{name}.json").read_bytes()

    assert RECORDS[name].data + b"\n" == golden


@pytest.mark.parametrize("name", RECORDS)
def test_a_golden_record_reads_as_what_it_was_made_of(name: str) -> None:
    """What stands in the file decodes to the very record."""
    golden = (GOLDEN / f"{name}.json").read_bytes().removesuffix(b"\n")

    assert RECORDS[name].decode(golden) == RECORDS[name].record


def test_messages_are_sent_byte_for_byte_as_before() -> None:
    """Workers of two versions share queues; write the file anew with tests.support.codec.messages."""
    golden = FILE.read_text(encoding="utf-8")

    assert lines() == golden


def test_a_typical_record_of_each_kind_fits_a_row() -> None:
    """No example comes near the 64 KiB that a row's value may have, and an open release stays below 6.5 kB."""
    sizes = {name: len(stored.data) for name, stored in RECORDS.items()}

    assert max(sizes.values()) == sizes["release"] < 6500
