"""A JSON body, read field by field: every fault names the field it is in."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Self

from shared.domain.errors import InvalidValue
from shared.inbound.problems import Unacceptable

_DEEPEST, _LONGEST_NUMBER = 32, 300
_MISSING = object()
MOST_TEXT = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a text has to look like: what reads it or raises InvalidValue, and the same as a pattern, for the API's document."""

    read: Callable[[str], str]
    pattern: str


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


def read_object(body: bytes, *, empty: bool = False) -> Body:
    """Read a JSON object; `empty` takes no body at all for an empty one.

    Raise Unacceptable (400) for anything else, and for what parsers disagree on: repeated names, NaN, deep nesting.
    """
    if empty and not body.strip():
        return Body({})
    try:
        found = _DECODER.decode(body.decode())
    except UnicodeDecodeError as error:
        raise bad("body", "is not UTF-8") from error
    except RecursionError as error:
        raise bad("body", "is nested too deeply") from error
    except ValueError as error:
        raise bad("body", f"is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise bad("body", "is not a JSON object")
    if _deeper_than(found, _DEEPEST):
        raise bad("body", f"is nested more than {_DEEPEST} levels deep")
    return Body(found)


def bad(field: str, problem: str) -> Unacceptable:
    """A body's fault; the detail begins with the field."""
    return Unacceptable(HTTPStatus.BAD_REQUEST, "invalid", f"{field}: {problem}", field=field)


class Body:
    """An object of the body. Each getter raises Unacceptable with the field's path; `done` refuses what nobody asked for."""

    def __init__(self, values: Mapping[str, object], path: str = "") -> None:
        self._values, self._path = values, path
        self._asked: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, *, default: str | None = None, most: int = MOST_TEXT, form: Form | None = None) -> str:
        """Read a text; one without a default must be there and not be blank, and one of a form is as the form reads it."""
        value = self._take(name)
        if value is _MISSING or (value is None and default is not None):
            if default is None:
                raise self.bad(name, "is missing")
            return default
        if not isinstance(value, str):
            raise self.bad(name, "is not a text")
        if len(value) > most:
            raise self.bad(name, f"is longer than {most} characters")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise self.bad(name, "holds half of a surrogate pair, which is no character") from error
        if default is None and not value.strip():
            raise self.bad(name, "is empty")
        return self._formed(name, value, form) if form and value else value

    def word(self, name: str, words: tuple[str, ...]) -> str:
        """Read one of a few words."""
        value = self.text(name)
        if value not in words:
            raise self.bad(name, f"is {value!r}; it takes {' or '.join(words)}")
        return value

    def number(self, name: str, *, default: int) -> int | float:
        """Read a number, whole or not."""
        value = self._take(name)
        if value is _MISSING or value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.bad(name, "is not a number")
        return value

    def time(self, name: str) -> datetime | None:
        """Read a time with its zone, in UTC; None where there is none."""
        text = self.text(name, default="")
        if not text:
            return None
        try:
            found = datetime.fromisoformat(text)
            if found.utcoffset() is not None:
                return found.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise self.bad(name, f"{text!r} is not a time; write 2026-11-27T16:00:00Z") from error
        raise self.bad(name, f"{text!r} has no zone; write 2026-11-27T16:00:00Z")

    def inner(self, name: str, *, needed: bool = False) -> Self:
        """Read an object; an absent one is empty, unless it is needed."""
        value = self._take(name)
        if not needed and (value is _MISSING or value is None):
            value = {}
        return self._inner(value, name)

    def each(
        self, name: str, *, most: int, least: int = 0, faults: list[Unacceptable] | None = None
    ) -> tuple[Self, ...]:
        """Read a list of objects; with `faults` what is none is noted there, and left out."""
        value = self._take(name)
        if not isinstance(value, list):
            raise self.bad(name, "is not a list" if value is not _MISSING else "is missing")
        if len(value) > most:
            raise self.bad(name, f"has {len(value)} entries; {most} are taken at most")
        if len(value) < least:
            raise self.bad(name, f"has {len(value)} entries; it takes {least} at least")
        numbered = [(f"{name}[{index}]", one) for index, one in enumerate(value)]
        if faults is not None:
            faults += [self.bad(place, "is not an object") for place, one in numbered if not isinstance(one, dict)]
            numbered = [(place, one) for place, one in numbered if isinstance(one, dict)]
        return tuple(self._inner(one, place) for place, one in numbered)

    def done(self) -> None:
        """Refuse fields that nobody read."""
        unknown = sorted(self._values.keys() - self._asked)
        if unknown:
            known = ", ".join(sorted(self._asked)) or "none"
            raise self.bad(unknown[0][:100], f"is not a field here; known are: {known}")

    def bad(self, name: str, problem: str) -> Unacceptable:
        """A fault of one of the object's fields."""
        return bad(f"{self._path}{name}", problem)

    def _take(self, name: str) -> object:
        self._asked.add(name)
        return self._values.get(name, _MISSING)

    def _formed(self, name: str, value: str, form: Form) -> str:
        try:
            return form.read(value)
        except InvalidValue as error:
            raise self.bad(name, error.problem) from error

    def _inner(self, value: object, name: str) -> Self:
        if not isinstance(value, dict):
            raise self.bad(name, "is not an object")
        return type(self)(value, f"{self._path}{name}.")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name[:100]!r} is there twice")
        found[name] = value
    return found


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
    object_pairs_hook=_once, parse_constant=_no_constant, parse_int=_number(int), parse_float=_number(float)
)
