"""What is wrong with bytes or values that do not fit a declared record: msgspec's errors in our words, with the path.

The path is the sender's: `promotions[2].since`, empty for the whole. The library's errors are texts and name neither the
words that a field takes nor the fields of a record; both are looked up in the declaration, where that is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from shared.domain.values.errors import InvalidValue

if TYPE_CHECKING:
    from msgspec import inspect

    Find = Callable[[], Sequence[inspect.Type]]

# What Python takes for blank and ECMAScript's \s does not is named: the pattern stands in JSON Schemas, too.
NOT_BLANK = r"[^\s\x1c-\x1f\x85]"
_SHOWN = 100
# A field's name is the sender's and may hold anything, also what looks like a path.
_WHERE = re.compile(
    r"(?s)(?P<what>Object contains unknown field `.*?`|.*?)(?: - at (?P<key>`key` in )?`\$(?P<path>[^`]*)`)?"
)
_STEP = re.compile(r"([^.\[\]]+)|\[([^\]]+)\]")
_KINDS = {
    "array": "a list",
    "bool": "true or false",
    "bytes": "bytes in base64",
    "datetime": "a time",
    "duration": "a duration",
    "float": "a number",
    "int": "a whole number",
    "object": "an object",
    "str": "a text",
}
_TIME = "write 2026-11-27T16:00:00Z"


def problem_of(error: Exception, declared: Any = None) -> tuple[str, str]:
    """Return the path and what is wrong there; `declared` is the type that was asked for. Raise any other error as it is."""
    match error:
        case InvalidValue():
            return error.field, error.problem
        case msgspec.ValidationError():
            return _problem(error, declared)
        case msgspec.DecodeError():
            return "", _malformed(str(error))
        case UnicodeDecodeError() | UnicodeEncodeError():
            return "", "is not UTF-8"
        case RecursionError():
            return "", "is nested too deeply"
        case _:
            raise error


def no_key_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object's members, as a hook of `json`; raise InvalidValue for a key that is there twice."""
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise InvalidValue(name, "is there twice")
        found[name] = value
    return found


def leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield what a record holds, each with its path; what is within lists too."""
    if isinstance(value, tuple):
        for number, one in enumerate(value):
            yield from leaves(one, f"{path}[{number}]")
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from leaves(getattr(value, name), _below(path, name))
    else:
        yield path, value


def _malformed(text: str) -> str:
    if "UTF-8" in text:
        return "is not UTF-8"
    if "truncated" in text:
        return "is not JSON: it ends too early"
    return f"is not JSON: {text.removeprefix('JSON is malformed: ')}"


def _problem(error: msgspec.ValidationError, declared: Any) -> tuple[str, str]:
    found = _WHERE.fullmatch(str(error))
    assert found is not None  # it takes any text
    what, path = found["what"], (found["path"] or "").removeprefix(".")

    def find() -> Sequence[inspect.Type]:
        return tuple(_at(declared, path, key=bool(found["key"])))

    if error.__cause__ is not None:
        return path, what  # a check of the record itself, in its own words
    if name := re.fullmatch(r"(?s)Object missing required field `(.*)`", what):
        return _below(path, name[1]), "is missing"
    if name := re.fullmatch(r"(?s)Object contains unknown field `(.*)`", what):
        known = sorted(_fields(find()))
        named = f"; known are: {', '.join(known) or 'none'}" if declared is not None else ""
        return _below(path, name[1][:_SHOWN]), f"is not a field here{named}"
    key = "has a key that " if found["key"] else ""
    for pattern, say in _SAID:
        if said := re.fullmatch(pattern, what):
            return path, key + say(said, find)
    return path, f"{key}is not taken: {what}"


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _kind(said: re.Match[str], _: Find) -> str:
    names = said[1].split(" | ")
    # Where both are taken, a number is what it is not.
    left_out = {"null", "int"} if "float" in names else {"null"}
    return f"is not {' or '.join(_KINDS.get(one, one) for one in names if one not in left_out)}"


def _length(said: re.Match[str], _: Find) -> str:
    kind, sign, number = said.groups()
    what = "entries" if kind in ("array", "object") else "characters"
    if sign == "<=":
        return f"is longer than {number} {what}"
    if sign == ">=":
        return "is empty" if number == "1" else f"is shorter than {number} {what}"
    return f"has other than {number} {what}"


def _pattern(said: re.Match[str], find: Find) -> str:
    if said[1] == repr(NOT_BLANK):
        return "is empty"
    description = _description(find())
    return f"is not {description}" if description else f"does not match {said[1]}"


def _word(said: re.Match[str], find: Find) -> str:
    words = " or ".join(str(one) for one in _words(find()))
    return f"is {said[1][:_SHOWN]}; it takes {words}" if words else f"is {said[1][:_SHOWN]}, which is none of its words"


def _says(text: str) -> Callable[[re.Match[str], Find], str]:
    return lambda said, _: said.expand(text)


_SAID: Sequence[tuple[str, Callable[[re.Match[str], Find], str]]] = (
    (r"Expected `([^`]*)`(?:, got `.*`)?", _kind),
    (r"Expected `(\w+)` of length (?:(<=|>=) )?(\d+)", _length),
    (r"(?s)Expected `str` matching regex (.*)", _pattern),
    (r"Expected `(?:int|float)` >= (.*)", _says(r"is less than \1")),
    (r"Expected `(?:int|float)` <= (.*)", _says(r"is more than \1")),
    (r"Expected `datetime` with a timezone component", _says(f"has no zone; {_TIME}")),
    (r"Invalid RFC3339 encoded datetime", _says(f"is not a time; {_TIME}")),
    (r".*[Dd]uration.*", _says("is not a duration; write PT1H30M")),
    (r".*out of range", _says("is too large a number")),
    (r"Invalid base64 encoded string", _says("is not bytes in base64")),
    (r"(?s)Invalid (?:enum )?value (.*)", _word),
)


def _at(declared: Any, path: str, *, key: bool) -> Iterator[inspect.Type]:
    """Yield what is declared at a path: several types where a union is on the way."""
    from msgspec import inspect

    here = list(_each(_described(declared))) if declared is not None else []
    for step in _STEP.finditer(path):
        here = [each for one in here for inner in _within(one, step) for each in _each(inner)]
    if key:
        here = [each for one in here if isinstance(one, inspect.DictType) for each in _each(one.key_type)]
    yield from here


@lru_cache(maxsize=128)
def _described(declared: Any) -> inspect.Type:
    """Describe a declared type. Whoever sends what is refused does it again, and describing all messages takes long."""
    from msgspec import inspect

    return inspect.type_info(declared)


def _each(one: inspect.Type) -> Iterator[inspect.Type]:
    """Yield a type, or each of a union; beside one that is described stands its description."""
    from msgspec import inspect

    if isinstance(one, inspect.UnionType):
        for each in one.types:
            yield from _each(each)
        return
    yield one
    if isinstance(one, inspect.Metadata):
        yield from _each(one.type)


def _within(one: inspect.Type, step: re.Match[str]) -> Iterator[inspect.Type]:
    from msgspec import inspect

    name, index = step.groups()
    match one:
        case inspect.StructType():
            yield from (field.type for field in one.fields if field.encode_name == name)
            if name == one.tag_field:
                yield inspect.LiteralType((one.tag,))
        case inspect.DictType():
            yield one.value_type
        case inspect.TupleType():
            yield one.item_types[int(index)]
        case inspect.VarTupleType() | inspect.ListType() | inspect.FrozenSetType():
            yield one.item_type


def _fields(found: Sequence[inspect.Type]) -> Iterator[str]:
    from msgspec import inspect

    yield from {field.encode_name for one in found if isinstance(one, inspect.StructType) for field in one.fields}


def _description(found: Sequence[inspect.Type]) -> str:
    from msgspec import inspect

    said = (one.extra_json_schema or {} for one in found if isinstance(one, inspect.Metadata))
    return next((str(one["description"]) for one in said if "description" in one), "")


def _words(found: Sequence[inspect.Type]) -> Iterator[object]:
    from msgspec import inspect

    for one in found:
        if isinstance(one, inspect.LiteralType):
            yield from one.values
        elif isinstance(one, inspect.EnumType):
            yield from (each.value for each in one.cls)
