"""Bodies are read field by field, and what is wrong names its field."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.inbound.json_body import Body, check_plain, check_size, read_object
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

    assert [body.number(name, default=0) for name in "abc"] == [1e300, -12, int("9" * 300)]


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
    read_object(body, empty=True).done()


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    """Whatever is sent is read or refused."""
    with contextlib.suppress(Unacceptable):
        assert isinstance(read_object(body), Body)


def test_a_body_of_too_many_bytes_is_refused_with_the_limit() -> None:
    """413, before anything is parsed."""
    check_size(b"12345", 5)

    found = refused(lambda: check_size(b"123456", 5))

    assert (int(found.status), found.field, found.code) == (413, "body", "too-large")
    assert "5 are taken" in found.detail


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, "is missing"),
        ({"name": None}, "is not a text"),
        ({"name": 5}, "is not a text"),
        ({"name": True}, "is not a text"),
        ({"name": ["a"]}, "is not a text"),
        ({"name": " \t"}, "is empty"),
        ({"name": "a" * 11}, "longer than 10"),
        ({"name": "\ud800"}, "surrogate"),
    ],
)
def test_a_text_that_must_be_there_is_one(values: dict[str, object], says: str) -> None:
    """Each fault is told apart."""
    found = refused(lambda: Body(values).text("name", most=10))

    assert found.field == "name"
    assert says in found.detail


def test_a_text_that_may_be_left_out_may_be_null_or_empty_too() -> None:
    """As clients send what they don't know."""
    assert Body({}).text("a", default="x") == "x"
    assert Body({"a": None}).text("a", default="x") == "x"
    assert Body({"a": ""}).text("a", default="x") == ""


def test_a_word_is_one_of_those_it_may_be() -> None:
    """The others are named."""
    assert Body({"a": "yes"}).word("a", ("yes", "no")) == "yes"

    found = refused(lambda: Body({"a": "maybe"}).word("a", ("yes", "no")))

    assert found.detail == "a: is 'maybe'; it takes yes or no"


def test_a_time_has_a_zone_and_is_read_in_utc() -> None:
    """What it is in another zone is the same moment."""
    assert Body({"a": "2026-11-27T17:00:00+01:00"}).time("a") == datetime(2026, 11, 27, 16, tzinfo=UTC)
    assert Body({"a": "2026-11-27T16:00:00Z"}).time("a") == datetime(2026, 11, 27, 16, tzinfo=UTC)
    assert Body({}).time("a") is None


@pytest.mark.parametrize(
    "text", ["tomorrow", "2026-11-27T16:00:00", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00"]
)
def test_what_is_not_a_moment_is_refused(text: str) -> None:
    """A time without a zone is a different one for each reader."""
    found = refused(lambda: Body({"until": text}).time("until"))

    assert found.field == "until"
    assert "2026-11-27T16:00:00Z" in found.detail


def test_a_fault_within_is_named_by_its_path() -> None:
    """So that the sender finds it."""
    body = read_object(json.dumps({"refs": [{"ref": "a"}, {"ref": 5}], "one": {"two": 1}}).encode())

    second = body.each("refs", most=2)[1]

    assert refused(lambda: second.text("ref")).field == "refs[1].ref"
    assert refused(lambda: body.inner("one").text("two")).field == "one.two"


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ({}, "refs", "is missing"),
        ({"refs": {}}, "refs", "is not a list"),
        ({"refs": [1]}, "refs[0]", "is not an object"),
        ({"refs": [{}, {}, {}]}, "refs", "2 are taken at most"),
    ],
)
def test_a_list_of_objects_is_one(values: dict[str, object], field: str, says: str) -> None:
    """Each fault is told apart."""
    found = refused(lambda: Body(values).each("refs", most=2))

    assert found.field == field
    assert says in found.detail


def test_an_inner_object_may_be_absent_or_null_but_nothing_else() -> None:
    """It is then empty."""
    Body({}).inner("a").done()
    Body({"a": None}).inner("a").done()

    assert refused(lambda: Body({"a": "b"}).inner("a")).field == "a"


def test_a_field_that_nobody_asked_for_is_refused_with_those_that_are_known() -> None:
    """A misspelt reason is not lost in silence."""
    body = Body({"reason": "x", "raeson": "y"})
    body.text("reason")

    found = refused(body.done)

    assert found.field == "raeson"
    assert "known are: reason" in found.detail
    assert "known are: none" in refused(Body({"a": 1}).done).detail


@pytest.mark.parametrize(
    ("value", "read"),
    [("7", 7), ("-1.5", -1.5), ("1e3", 1000.0), ("null", 0)],
    ids=["whole", "fraction", "exponent", "none"],
)
def test_a_number_is_whole_or_not_and_may_be_missing(value: str, read: float) -> None:
    """Nothing is rounded."""
    assert read_object(f'{{"n": {value}}}'.encode()).number("n", default=0) == read
    assert read_object(b"{}").number("n", default=5) == 5


@pytest.mark.parametrize("value", ["true", '"7"', "[]"])
def test_what_is_no_number_is_refused(value: str) -> None:
    """Neither a text of digits nor true, which Python takes for one."""
    found = refused(lambda: read_object(f'{{"n": {value}}}'.encode()).number("n", default=0))

    assert (found.field, found.detail) == ("n", "n: is not a number")


def test_an_object_that_is_needed_must_be_there() -> None:
    """Any other may be left out, and is empty then."""
    body = read_object(b'{"a": null, "b": {}}')

    assert body.inner("b", needed=True).text("x", default="-") == "-"
    assert ("a" in body, "c" in body) == (True, False)
    assert [refused(lambda one=one: body.inner(one, needed=True)).field for one in ("a", "c")] == ["a", "c"]  # type: ignore[misc]
