"""Values that are kept small: nothing of them is lost, whatever they are."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.sqlite import packed
from shared.adapters.sqlite.packed import LEDGER, RECORD, Damaged, pack, unpack

ENTRY = b'{"at":"2026-11-26T12:00:00.000000Z","event":{"id":"x","type":"tags-read"},"outcome":"moved","schema":1}'
# What was packed by a dictionary is lost with it.
RELEASED = {
    "ledger-1.txt": "eed34b316f8ebfdedca5e1b7a2eb3e58cdb81d5b458185f22fbf55a5e5cbd275",
    "record-1.txt": "8ef6db85a1431dee61f33d2eff36468ab1f665d1782ccbfde7bf9f07562f38f1",
}


@given(st.binary(), st.sampled_from((LEDGER, RECORD)))
def test_what_is_packed_comes_out_as_it_went_in(data: bytes, kind: bytes) -> None:
    """To the byte: the ledger's hashes cover it."""
    assert unpack(pack(kind, data)) == data


def test_what_is_like_the_others_takes_little_room() -> None:
    """A third of its length, at the most."""
    assert len(pack(LEDGER, ENTRY)) * 3 < len(ENTRY)


def test_what_was_never_packed_is_read_as_it_is() -> None:
    """JSON of a file that an older version wrote."""
    assert unpack(ENTRY) == ENTRY


@pytest.mark.parametrize("cut", [slice(0, -3), slice(0, 1)])
def test_a_value_that_was_cut_short_is_said_to_be_damaged(cut: slice) -> None:
    """It is never read as something shorter."""
    with pytest.raises(Damaged, match="restore the file"):
        unpack(pack(LEDGER, ENTRY)[cut])


def test_a_value_that_is_no_deflated_text_is_said_to_be_damaged() -> None:
    """It is not passed on."""
    with pytest.raises(Damaged, match="restore the file"):
        unpack(RECORD + b"\xff\xff\xff")


@pytest.mark.parametrize(("name", "digest"), RELEASED.items())
def test_a_released_dictionary_never_changes(name: str, digest: str) -> None:
    """A better one gets a number of its own."""
    assert hashlib.sha256(Path(packed.__file__).with_name(name).read_bytes()).hexdigest() == digest
