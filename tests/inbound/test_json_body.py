"""Bodies are read field by field, and what is wrong names its field."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from shared.domain.values.reading import NOT_BLANK
from shared.inbound.json_body import NeededName, Text, check_plain, check_size, decode, looks, read_object
from shared.inbound.problems import Unacceptable


def refused(do: Callable[[], object]) -> Unacceptable:
    """What it raises."""
    with pytest.raises(Unacceptable) as found:
        do()
    return found.value


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param(b"", "is not JSON", id="nothing"),
        pytest.param(b"{", "is not JSON", id="cut off"),
        pytest.param(b"[]", "is not a JSON object", id="a list"),
        pytest.param(b'"text"', "is not a JSON object", id="a text"),
        pytest.param(b"null", "is not a JSON object", id="null"),
        pytest.param(b'{"a": NaN}', "NaN is not a number", id="NaN"),
        pytest.param(b'{"a": -Infinity}', "-Infinity is not a number", id="infinity"),
        pytest.param(b'{"a": 1, "a": 2}', "'a' is there twice", id="a name twice"),
        pytest.param(b'{"b": {"a": 1, "a": 2}}', "'a' is there twice", id="a name twice further in"),
        pytest.param(b'{"a": 1, "\\u0061": 2}', "'a' is there twice", id="a name twice, once in disguise"),
        pytest.param(b"\xff\xfe{}", "is not UTF-8", id="UTF-16"),
        pytest.param(b'{"a": "\xe9"}', "is not UTF-8", id="Latin-1"),
        pytest.param("\ufeff{}".encode(), "is not JSON", id="a byte order mark"),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", "99999… is too large a number", id="a number of 5000 digits"),
        pytest.param(b'{"a": 1e999}', "1e999… is too large a number", id="a number without end"),
        pytest.param(b'{"a": -1e999}', "-1e999… is too large a number", id="one below all others"),
        pytest.param(b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", "more than 32 levels", id="40 levels"),
        pytest.param(b'{"a":' * 200_000, "nested too deeply", id="a million bytes of opening"),
        pytest.param(b"[" * 1_000_000, "nested too deeply", id="a million lists"),
    ],
)
def test_what_is_not_an_object_of_plain_json_is_refused(body: bytes, says: str) -> None:
    """Parsers disagree on it, or it takes more than it is worth."""
    found = refused(lambda: read_object(body))

    assert (int(found.status), found.field) == (400, "body")
    assert says in found.detail


def test_numbers_are_read_as_they_are() -> None:
    """As large as others read them, too."""
    body = read_object(b'{"a": 1e300, "b": -12, "c": %s}' % (b"9" * 300))

    assert [decode(body[name], int | float) for name in "abc"] == [1e300, -12, int("9" * 300)]


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip", "x" * 1000])
def test_a_packed_body_is_refused_by_its_header(coding: str) -> None:
    """What it would come to is not known before it is unpacked."""
    found = refused(lambda: check_plain({"content-encoding": coding}))

    assert (int(found.status), found.field) == (400, "Content-Encoding")
    check_plain({})
    check_plain({"content-encoding": "Identity"})


def test_the_deepest_object_that_is_taken_has_32_levels() -> None:
    """The limit is where it says."""
    body = b'{"a":' * 31 + b"{}" + b"}" * 31

    read_object(body)
    assert refused(lambda: read_object(b'{"a":' + body + b"}")).field == "body"


@pytest.mark.parametrize("body", [b"", b" \r\n"])
def test_no_body_is_an_empty_object_where_nothing_has_to_be_said(body: bytes) -> None:
    """A POST without a body is as good as {}."""
    assert read_object(body, empty=True) == {}


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    """Whatever is sent is read or refused."""
    with contextlib.suppress(Unacceptable):
        assert isinstance(read_object(body), dict)


def test_a_body_of_too_many_bytes_is_refused_with_the_limit() -> None:
    """413, before anything is parsed."""
    check_size(b"12345", 5)

    found = refused(lambda: check_size(b"123456", 5))

    assert (int(found.status), found.field, found.code) == (413, "body", "too-large")
    assert "5 are taken" in found.detail


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An object within a body."""

    two: NeededName


class Sent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body with a field of each kind."""

    name: Annotated[str, Meta(max_length=10, pattern=NOT_BLANK)] = "x"
    comment: Text | None = None
    answer: Literal["yes", "no"] = "yes"
    colour: Annotated[str, looks("red|green", "a colour", most=10)] = "red"
    until: Annotated[datetime, Meta(tz=True)] | None = None
    number: int | float | None = None
    count: int = 0
    one: Part | None = None
    parts: Annotated[tuple[Part, ...], Meta(max_length=2)] = ()


ZONED = "write 2026-11-27T16:00:00Z"


@pytest.mark.parametrize(
    ("values", "detail"),
    [
        ({"name": None}, "name: is not a text"),
        ({"name": 5}, "name: is not a text"),
        ({"name": True}, "name: is not a text"),
        ({"name": ["a"]}, "name: is not a text"),
        ({"name": " \t"}, "name: is empty"),
        ({"name": "a" * 11}, "name: is longer than 10 characters"),
        ({"name": "\ud800"}, "name: holds half of a surrogate pair, which is no character"),
        ({"comment": "a\udc00"}, "comment: holds half of a surrogate pair, which is no character"),
        (
            {"parts": [{"two": "a"}, {"two": "\ud800"}]},
            "parts[1].two: holds half of a surrogate pair, which is no character",
        ),
        ({"comment": 5}, "comment: is not a text"),
        ({"answer": "maybe"}, "answer: is 'maybe'; it takes no or yes"),
        ({"answer": 5}, "answer: is not a text"),
        ({"colour": "blue"}, "colour: 'blue' is not a colour"),
        ({"colour": "red\n"}, "colour: 'red\\n' is not a colour"),
        ({"colour": "b" * 10}, "colour: 'bbbbbbbbbb' is not a colour"),
        ({"until": "tomorrow"}, f"until: 'tomorrow' is not a time; {ZONED}"),
        ({"until": "2026-11-27T16:00:00"}, f"until: '2026-11-27T16:00:00' has no zone; {ZONED}"),
        ({"until": "2026-13-01T00:00:00Z"}, f"until: '2026-13-01T00:00:00Z' is not a time; {ZONED}"),
        ({"until": 5}, "until: is not a time"),
        ({"number": True}, "number: is not a number"),
        ({"number": "7"}, "number: '7' is not a number"),
        ({"count": 1.0}, "count: is not a whole number"),
        ({"one": "b"}, "one: 'b' is not an object"),
        ({"one": {}}, "one.two: is missing"),
        ({"one": {"two": "x", "three": 1}}, "one.three: is not a field here; known are: two"),
        ({"parts": {}}, "parts: is not a list"),
        ({"parts": [1]}, "parts[0]: is not an object"),
        ({"parts": [{"two": "a"}, {"two": 5}]}, "parts[1].two: is not a text"),
        ({"parts": [{"two": "a"}] * 3}, "parts: is longer than 2 entries"),
        (
            {"a.b[0]": 1},
            "a.b[0]: is not a field here; known are: answer, colour, comment, count, name, number, one, parts, until",
        ),
    ],
)
def test_each_fault_is_told_apart_with_the_path_of_its_field(values: dict[str, object], detail: str) -> None:
    """So that the sender finds it; a misspelt reason is not lost in silence."""
    found = refused(lambda: decode(values, Sent))

    assert (found.detail, int(found.status), found.code) == (detail, 400, "invalid")
    assert found.detail.startswith(f"{found.field}: ")


def test_a_fault_of_a_part_is_named_by_where_the_part_stands() -> None:
    """Parts are read by themselves where one does not refuse the others."""
    assert refused(lambda: decode({}, Part, "events[3]")).field == "events[3].two"
    assert refused(lambda: decode(5, Part, "events[3]")).field == "events[3]"
    assert refused(lambda: decode("\ud800", NeededName, "id")).field == "id"
    assert refused(lambda: decode(5, Part)).field == "body"


@pytest.mark.parametrize("body", [{"\ud800": 1}, {"one": {"two": "x", "\udfff": 1}}])
def test_a_name_that_is_no_text_is_refused(body: dict[str, object]) -> None:
    """It could not even be said which one is unknown."""
    found = refused(lambda: decode(body, Sent))

    assert found.field in ("body", "one")
    assert "surrogate" in found.detail


def test_what_may_be_left_out_may_be_null_and_a_text_may_be_empty_too() -> None:
    """As clients send what they don't know."""
    assert decode({}, Sent) == decode({"comment": None, "until": None, "number": None, "one": None}, Sent)
    assert decode({"comment": ""}, Sent).comment == ""


def test_numbers_of_others_are_whole_or_not() -> None:
    """Nothing is rounded."""
    assert [decode({"number": one}, Sent).number for one in (7, -1.5, 1000.0)] == [7, -1.5, 1000.0]
