"""What does not fit a declared record is said in our words, with the path as the sender wrote it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from shared.domain.values.errors import InvalidValue
from shared.domain.values.reading import NOT_BLANK, problem_of


class Colour(StrEnum):
    """A closed set."""

    RED = "red"
    DARK_BLUE = "dark-blue"


class Inner(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record within another."""

    since: Annotated[datetime, Meta(tz=True)]
    colour: Colour | None = None
    answer: Literal["yes", "no"] = "yes"
    named: Annotated[str, Meta(pattern="^[a-z]+$", description="a name in small letters")] | None = None
    plain: Annotated[str, Meta(pattern="^[a-z]+$")] = "a"


class Square(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="square", tag_field="kind"):
    """One of a union."""

    side: Annotated[int, Meta(ge=1, le=9)]


class Circle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="circle", tag_field="kind"):
    """The other."""

    radius: int


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A record with a rule of its own."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low is more than high")


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that is asked about."""

    inner: tuple[Inner, ...] = ()
    name: Annotated[str, Meta(min_length=1, max_length=3)] = "a"
    code: Annotated[str, Meta(min_length=2)] = "aa"
    several: Annotated[tuple[int, ...], Meta(min_length=1, max_length=2)] = (1,)
    pair: tuple[int, Colour] = (1, Colour.RED)
    shape: Square | Circle | None = None
    by_name: dict[Annotated[str, Meta(pattern="^[a-z]$", description="a letter")], Inner] = {}
    took: timedelta = timedelta()
    maybe: int | None = None
    whether: bool = False
    size: float = 1.0
    body: bytes = b""
    checked: Checked | None = None
    text_or_number: str | int = 1
    number: int | float = 1
    blank: Annotated[str, Meta(pattern=NOT_BLANK)] = "x"


SINCE = b'"since": "2026-11-27T16:00:00Z"'
NO_TIME = "is not a time; write 2026-11-27T16:00:00Z"
FIELDS = "blank, body, by_name, checked, code, inner, maybe, name, number, pair, several, shape, size, text_or_number, took, whether"


def refused(body: bytes, declared: Any = Record) -> tuple[str, str]:
    """What it comes to."""
    with pytest.raises((msgspec.DecodeError, RecursionError)) as found:
        msgspec.json.decode(body, type=Record)
    return problem_of(found.value, declared)


@pytest.mark.parametrize(
    ("body", "path", "problem"),
    [
        pytest.param(b'{"inner": [{}]}', "inner[0].since", "is missing", id="missing"),
        pytest.param(b'{"nmae": 1}', "nmae", f"is not a field here; known are: {FIELDS}", id="unknown"),
        pytest.param(
            b'{"inner": [{%s, "x": 1}]}' % SINCE,
            "inner[0].x",
            "is not a field here; known are: answer, colour, named, plain, since",
            id="unknown further in",
        ),
        pytest.param(b'{"name": 5}', "name", "is not a text", id="no text"),
        pytest.param(b'{"name": null}', "name", "is not a text", id="null"),
        pytest.param(b'{"inner": {}}', "inner", "is not a list", id="no list"),
        pytest.param(b'{"inner": [5]}', "inner[0]", "is not an object", id="no object"),
        pytest.param(b'{"maybe": "5"}', "maybe", "is not a whole number", id="no number"),
        pytest.param(b'{"maybe": 1.0}', "maybe", "is not a whole number", id="a float"),
        pytest.param(b'{"maybe": true}', "maybe", "is not a whole number", id="true for a number"),
        pytest.param(b'{"size": "5"}', "size", "is not a number", id="no float"),
        pytest.param(b'{"size": 1e999}', "size", "is too large a number", id="a number without end"),
        pytest.param(b'{"whether": 1}', "whether", "is not true or false", id="no answer"),
        pytest.param(b'{"text_or_number": []}', "text_or_number", "is not a whole number or a text", id="neither"),
        pytest.param(b'{"name": ""}', "name", "is empty", id="empty"),
        pytest.param(b'{"code": "a"}', "code", "is shorter than 2 characters", id="too short"),
        pytest.param(b'{"name": "abcd"}', "name", "is longer than 3 characters", id="too long"),
        pytest.param(b'{"several": []}', "several", "is empty", id="no entries"),
        pytest.param(b'{"several": [1, 2, 3]}', "several", "is longer than 2 entries", id="too many entries"),
        pytest.param(b'{"pair": [1]}', "pair", "has other than 2 entries", id="half a pair"),
        pytest.param(b'{"pair": [1, "green"]}', "pair[1]", "is 'green'; it takes red or dark-blue", id="in a pair"),
        pytest.param(b'{"shape": {"kind": "square", "side": 0}}', "shape.side", "is less than 1", id="too small"),
        pytest.param(b'{"shape": {"kind": "square", "side": 10}}', "shape.side", "is more than 9", id="too large"),
        pytest.param(b'{"shape": {"kind": "oval"}}', "shape.kind", "is 'oval'; it takes square or circle", id="tag"),
        pytest.param(b'{"shape": {"kind": 1}}', "shape.kind", "is not a text", id="a tag that is no text"),
        pytest.param(b'{"shape": {}}', "shape.kind", "is missing", id="no tag"),
        pytest.param(
            b'{"inner": [{%s, "colour": "green"}]}' % SINCE,
            "inner[0].colour",
            "is 'green'; it takes red or dark-blue",
            id="not a word",
        ),
        pytest.param(
            b'{"inner": [{%s, "answer": "maybe"}]}' % SINCE,
            "inner[0].answer",
            "is 'maybe'; it takes no or yes",
            id="no answer of two",
        ),
        pytest.param(
            b'{"inner": [{%s, "named": "A"}]}' % SINCE,
            "inner[0].named",
            "is not a name in small letters",
            id="pattern that is described",
        ),
        pytest.param(
            b'{"inner": [{%s, "plain": "A"}]}' % SINCE, "inner[0].plain", "does not match '^[a-z]+$'", id="pattern"
        ),
        pytest.param(b'{"inner": [{"since": "now"}]}', "inner[0].since", NO_TIME, id="no moment"),
        pytest.param(b'{"inner": [{"since": 5}]}', "inner[0].since", "is not a time", id="a number for a time"),
        pytest.param(
            b'{"inner": [{"since": "2026-11-27T16:00:00"}]}',
            "inner[0].since",
            "has no zone; write 2026-11-27T16:00:00Z",
            id="naive",
        ),
        pytest.param(b'{"number": "5"}', "number", "is not a number", id="neither kind of number"),
        pytest.param(b'{"blank": " "}', "blank", "is empty", id="blank"),
        pytest.param(
            b'{"by_name": {"a": {%s, "colour": "green"}}}' % SINCE,
            "by_name[...].colour",
            "is 'green'; it takes red or dark-blue",
            id="not a word within a mapping",
        ),
        pytest.param(b'{"took": "an hour"}', "took", "is not a duration; write PT1H30M", id="no duration"),
        pytest.param(b'{"took": "P1Y"}', "took", "is not a duration; write PT1H30M", id="a year"),
        pytest.param(b'{"body": "*"}', "body", "is not bytes in base64", id="no base64"),
        pytest.param(b'{"by_name": {"a": {}}}', "by_name[...].since", "is missing", id="within a mapping"),
        pytest.param(b'{"by_name": {"A": {}}}', "by_name", "has a key that is not a letter", id="a key"),
        pytest.param(b'{"checked": {"low": 2, "high": 1}}', "checked", "low is more than high", id="a rule"),
        pytest.param(b"[]", "", "is not an object", id="no object at all"),
        pytest.param(b"", "", "is not JSON: it ends too early", id="nothing"),
        pytest.param(b"{]", "", "is not JSON: object keys must be strings (byte 1)", id="no JSON"),
        pytest.param(b"{} {}", "", "is not JSON: trailing characters (byte 4)", id="two"),
        pytest.param(b'{"name": "\xff"}', "", "is not UTF-8", id="no UTF-8"),
    ],
)
def test_each_kind_of_fault_is_said_with_its_path(body: bytes, path: str, problem: str) -> None:
    """A sender finds it without knowing the library."""
    assert refused(body) == (path, problem)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b'{"nmae": 1}', "is not a field here"),
        (b'{"pair": [1, "green"]}', "is 'green', which is none of its words"),
        (b'{"by_name": {"A": {}}}', "has a key that does not match '^[a-z]$'"),
    ],
)
def test_without_the_declaration_less_is_said(body: bytes, problem: str) -> None:
    """The path and the kind of fault are known from the error alone."""
    assert refused(body, None)[1] == problem


def test_what_the_library_may_say_one_day_is_handed_on() -> None:
    """No error is lost for want of a word."""
    assert problem_of(msgspec.ValidationError("Expected a miracle - at `$.a.b`")) == (
        "a.b",
        "is not taken: Expected a miracle",
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InvalidValue("version", "has a leading zero"), ("version", "has a leading zero")),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"), ("", "is not UTF-8")),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "no"), ("", "is not UTF-8")),
        (RecursionError(), ("", "is nested too deeply")),
    ],
)
def test_errors_that_are_not_the_librarys_are_said_too(error: Exception, said: tuple[str, str]) -> None:
    """Checks of ours come beside it."""
    assert problem_of(error) == said


def test_a_fault_of_ours_is_not_taken_for_the_senders() -> None:
    """What is not known is raised."""
    with pytest.raises(KeyError):
        problem_of(KeyError("x"))


@given(st.text(max_size=40).filter(lambda text: not re.search("[\ud800-\udfff]", text)))
def test_a_field_may_be_called_anything(name: str) -> None:
    """A name that looks like the library's own words raises nothing, nor does it cut the path of what is around it."""
    path, problem = refused(msgspec.json.encode({"inner": [{"since": "2026-11-27T16:00:00Z", name: 1}]}))

    assert path.startswith("inner[0].")
    assert problem


@pytest.mark.parametrize("name", ["a` - at `$.name", "`", "a\nb", "x" * 5000, "$[0]", " - at `key` in `$.pair"])
def test_a_name_made_to_look_like_a_path_is_only_a_name(name: str) -> None:
    """An attack on the translator, at the top and further in."""
    for body in ({name: 1}, {"inner": [{"since": "2026-11-27T16:00:00Z", name: 1}]}):
        path, problem = refused(msgspec.json.encode(body))

        assert problem.startswith("is not a field here")
        assert len(path) < 120
