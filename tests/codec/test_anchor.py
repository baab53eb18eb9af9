"""Anchors ↔ what is kept of them."""

from __future__ import annotations

import gzip
import json

import pytest

from shared.codec.anchor import decode_anchor, encode_anchor
from shared.codec.errors import UnreadableRecord
from shared.domain.state.anchor import Anchor, Anchored, Mismatch
from shared.domain.values.records import replace
from tests.support.clock import NOON

ANCHOR = Anchor(
    name="2026-11-23.json.gz",
    at=NOON,
    previous="2026-11-22.json.gz",
    previous_sha256="d" * 64,
    heads=(("estate", Anchored(1, "b" * 64)), ("shop~delivery", Anchored(12, "a" * 64))),
    mismatches=(Mismatch("shop~package", "2026-11-22", "ends at entry 1; entry 2 was anchored on 2026-11-21"),),
)


@pytest.mark.parametrize("anchor", [ANCHOR, Anchor(name="2026-11-22.json.gz", at=NOON)], ids=["full", "first"])
def test_an_anchor_is_read_as_it_was_written(anchor: Anchor) -> None:
    """Field by field."""
    assert decode_anchor(encode_anchor(anchor)) == anchor


def test_an_anchor_is_the_same_bytes_whenever_it_is_made() -> None:
    """No time of packing is in it, nor the order in which ledgers were read."""
    turned = replace(ANCHOR, heads=ANCHOR.heads[::-1])

    assert encode_anchor(turned) == encode_anchor(ANCHOR)


def test_anybody_can_read_an_anchor() -> None:
    """With zcat and jq."""
    assert json.loads(gzip.decompress(encode_anchor(ANCHOR))) == {
        "schema": 1,
        "record": {
            "name": "2026-11-23.json.gz",
            "at": "2026-11-23T12:00:00Z",
            "previous": "2026-11-22.json.gz",
            "previous_sha256": "d" * 64,
            "heads": [["estate", [1, "b" * 64]], ["shop~delivery", [12, "a" * 64]]],
            "mismatches": [["shop~package", "2026-11-22", "ends at entry 1; entry 2 was anchored on 2026-11-21"]],
        },
    }


@pytest.mark.parametrize("head", ["", [0, "a" * 64], [1, "a" * 63], [1, "A" * 64], 1, ["1", "a" * 64]])
def test_a_head_that_is_none_is_refused_with_its_place(head: object) -> None:
    """It is never guessed at."""
    values = json.loads(gzip.decompress(encode_anchor(ANCHOR)))
    values["record"]["heads"] = [["shop~delivery", head]]

    with pytest.raises(UnreadableRecord, match=r"field heads\[0\]\[1\]"):
        decode_anchor(gzip.compress(json.dumps(values).encode()))
