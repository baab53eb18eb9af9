"""Parts of keys: any text survives, and no store refuses them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.codec.keys import decode_part, encode_part
from shared.domain.values.errors import InvalidValue

TEXTS = st.text(st.characters(codec="utf-8"))


@given(TEXTS)
def test_any_text_comes_back(text: str) -> None:
    """Decoding undoes encoding."""
    assert decode_part(encode_part(text)) == text


@given(TEXTS)
def test_an_encoded_part_has_nothing_that_a_store_refuses_or_that_separates_parts(text: str) -> None:
    """No `/ \\ # ? ~ %`, no control characters."""
    assert re.search(r"[/\\#?~%\x00-\x1f\x7f-\x9f]", encode_part(text)) is None


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("refs/heads/main", "refs=2Fheads=2Fmain"),
        ("release v1.0-rc.1!0011}", "release v1.0-rc.1!0011}"),
        ("a~b=c%d", "a=7Eb=3Dc=25d"),
        ("\u0085é", "=C2=85é"),
    ],
)
def test_what_needs_no_escape_stays_readable(text: str, part: str) -> None:
    """The stored form is a contract: rows written today are read tomorrow."""
    assert encode_part(text) == part


@pytest.mark.parametrize("part", ["a/b", "=2f", "=", "=GG", "=41", "=FF", "~"])
def test_what_encoding_cannot_have_made_is_refused(part: str) -> None:
    """Each text has one encoded form; another one is damage."""
    with pytest.raises(InvalidValue, match="not an encoded part"):
        decode_part(part)
