"""A JSON body, read as it was declared: every fault names the field it is in."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Any, TypeAlias, TypeVar, overload

import msgspec
from msgspec import Meta

from shared.domain.values.errors import InvalidValue
from shared.domain.values.reading import NOT_BLANK, leaves, no_key_twice, problem_of
from shared.inbound.problems import Unacceptable

_DEEPEST, _LONGEST_NUMBER = 32, 300
MOST_TEXT, MOST_NAME, MOST_ID = 2000, 500, 200
_SHOWN = 100
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_HALF = re.compile("[\ud800-\udfff]")
_HALVED = "holds half of a surrogate pair, which is no character"
_OF_A_TEXT = ("is not ", "has no ")
T = TypeVar("T")

# A text that may be left out is declared `| None`; it may be empty, too, as clients send what they don't know.
Text: TypeAlias = Annotated[str, Meta(max_length=MOST_TEXT)]
Name: TypeAlias = Annotated[str, Meta(max_length=MOST_NAME)]
NeededText: TypeAlias = Annotated[str, Meta(max_length=MOST_TEXT, pattern=NOT_BLANK)]
NeededName: TypeAlias = Annotated[str, Meta(max_length=MOST_NAME, pattern=NOT_BLANK)]
Id: TypeAlias = Annotated[str, Meta(max_length=MOST_ID, pattern=NOT_BLANK)]


def check_size(body: bytes, most: int) -> None:
    """Raise Unacceptable (413) for a body of more bytes than that."""
    if len(body) > most:
        detail = f"the body has {len(body)} bytes; {most} are taken at most"
        raise Unacceptable(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", detail, field="body")


def check_plain(headers: Mapping[str, str]) -> None:
    """Raise Unacceptable (400) for a body that is packed; `headers` has lower-case names."""
    coding = headers.get("content-encoding", "identity")
    if coding.lower() != "identity":
        raise bad("Content-Encoding", f"is {coding[:100]!r}; send the body as it is")


def check_json(headers: Mapping[str, str]) -> None:
    """Raise Unacceptable (415) for what is not said to be JSON; `headers` has lower-case names.

    A form can be sent from any site's page, JSON only after the browser has asked us, which we do not answer.
    """
    said = headers.get("content-type", "")
    if said.partition(";")[0].strip().lower() != "application/json":
        detail = f"Content-Type: {said[:100]!r} is not taken; send application/json, also where there is no body"
        raise Unacceptable(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-json", detail, field="Content-Type")


def read_object(body: bytes, *, empty: bool = False) -> dict[str, object]:
    """Read a JSON object; `empty` takes no body at all for an empty one.

    Raise Unacceptable (400) for anything else, and for what parsers disagree on: repeated names, NaN, deep nesting.
    """
    if empty and not body.strip():
        return {}
    try:
        found = _DECODER.decode(body.decode())
    except UnicodeDecodeError as error:
        raise bad("body", "is not UTF-8") from error
    except RecursionError as error:
        raise bad("body", "is nested too deeply") from error
    except InvalidValue as error:
        raise bad("body", f"is not JSON: {error.field[:_SHOWN]!r} {error.problem}") from error
    except ValueError as error:
        raise bad("body", f"is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise bad("body", "is not a JSON object")
    if _deeper_than(found, _DEEPEST):
        raise bad("body", f"is nested more than {_DEEPEST} levels deep")
    return found


def bad(field: str, problem: str) -> Unacceptable:
    """A body's fault; the detail begins with the field."""
    return Unacceptable(HTTPStatus.BAD_REQUEST, "invalid", f"{field}: {problem}", field=field)


@overload
def decode(value: object, kind: type[T], at: str = "") -> T: ...
@overload
def decode(value: object, kind: Any, at: str = "") -> Any: ...
def decode(value: object, kind: Any, at: str = "") -> Any:
    """Read what was declared as `kind` from JSON that is read already; `at` is where it stands in the body.

    Raise Unacceptable (400) naming the field.
    """
    try:
        found = msgspec.convert(value, kind)
    except UnicodeEncodeError as error:
        raise bad(at or "body", f"has a name that {_HALVED}") from error
    except msgspec.ValidationError as error:
        path, problem = problem_of(error, kind)
        said = _at(value, path)
        if isinstance(said, str) and problem.startswith(_OF_A_TEXT):
            problem = f"{said[:_SHOWN]!r} {problem}"
        raise bad(f"{at}.{path}" if at and path else at or path or "body", problem) from error
    # What was not declared is not read, and not looked at.
    for path, one in leaves(found, at):
        if isinstance(one, str) and _HALF.search(one):
            raise bad(path or "body", _HALVED)
    return found


def looks(pattern: str, what: str, *, most: int) -> Meta:
    """What a text is and looks like as a whole, of no more characters than that."""
    # Python's $ takes a line's end after it.
    return Meta(max_length=most, pattern=rf"^(?:{pattern})\Z", description=what)


def _at(value: Any, path: str) -> Any:
    for name, index in _STEP.findall(path):
        try:
            value = value[int(index)] if index else value[name]
        except (KeyError, TypeError):
            return None
    return value


def _no_constant(text: str) -> object:
    raise ValueError(f"{text} is not a number")


def _number(kind: type[int | float]) -> Callable[[str], object]:
    """What reads a number that others read as well: one that is too large for them is none."""

    def read(text: str) -> object:
        if len(text) > _LONGEST_NUMBER or abs(found := kind(text)) == math.inf:
            raise ValueError(f"{text[:20]}… is too large a number")
        return found

    return read


def _deeper_than(value: object, most: int) -> bool:
    level = [value]
    for _ in range(most):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return True


_DECODER = json.JSONDecoder(
    object_pairs_hook=no_key_twice, parse_constant=_no_constant, parse_int=_number(int), parse_float=_number(float)
)
