"""Values that are kept small: nothing of them is lost, whatever they are."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.sqlite import packed
from shared.adapters.sqlite.packed import LEDGER, RECORD, DamagedValue, pack, unpack
from tests.support.codec.stored import RECORDS

ENTRY, RELEASE = RECORDS["ledger"].data, RECORDS["release"].data
# What was packed by a dictionary is lost with it.
RELEASED = {
    "ledger-1.txt": "209296c13c18065059e5f90bbb1b069d142bb4c248edab82702b663251eb1540",
    "record-1.txt": "4740c54ea6163550ee795e9d277a8ea2e67f7d4c08e93cff75f317394862d8aa",
}


@given(st.binary(), st.sampled_from((LEDGER, RECORD)))
def test_what_is_packed_comes_out_as_it_went_in(data: bytes, kind: bytes) -> None:
    """To the byte: the ledger's hashes cover it."""
    assert unpack(pack(kind, data)) == data


def test_what_is_like_the_others_takes_little_room() -> None:
    """Less than half, though nearly all of it is hashes: the dictionaries say what records of today say."""
    assert len(pack(LEDGER, ENTRY)) * 2 < len(ENTRY)
    assert len(pack(RECORD, RELEASE)) * 4 < len(RELEASE)


def test_what_was_never_packed_is_read_as_it_is() -> None:
    """JSON of a file that an older version wrote."""
    assert unpack(ENTRY) == ENTRY


@pytest.mark.parametrize("cut", [slice(0, -3), slice(0, 1)])
def test_a_value_that_was_cut_short_is_said_to_be_damaged(cut: slice) -> None:
    """It is never read as something shorter."""
    with pytest.raises(DamagedValue, match="restore the file"):
        unpack(pack(LEDGER, ENTRY)[cut])


def test_a_value_that_is_no_deflated_text_is_said_to_be_damaged() -> None:
    """It is not passed on."""
    with pytest.raises(DamagedValue, match="restore the file"):
        unpack(RECORD + b"\xff\xff\xff")


@pytest.mark.parametrize(("name", "digest"), RELEASED.items())
def test_a_released_dictionary_never_changes(name: str, digest: str) -> None:
    """A better one gets a number of its own."""
    assert hashlib.sha256(Path(packed.__file__).with_name(name).read_bytes()).hexdigest() == digest
