"""Single values that slipway.yaml sets in a chart: where each goes, as `helm --set` writes it, and what it means."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeAlias

from shared.domain.values.errors import InvalidValue
from shared.domain.values.placeholders import expand, placeholders
from shared.domain.values.records import Policy

# Helm's own are 65,536 and 30: a few letters of an index are a list of as many entries.
MOST_INDEX, MOST_DEPTH = 1_000, 30
Path: TypeAlias = tuple[str | int, ...]

_NAME = re.compile(r"(?:[^\\.\[\]=,]|\\.)+", re.DOTALL)
_INDEX = re.compile(r"\[([0-9]{1,9})\]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class SettingKind(StrEnum):
    """How the text of a setting is read."""

    TEXT = "text"
    PLAIN = "plain"
    JSON = "json"


class Setting(Policy, kw_only=False, array_like=True):
    """A value as it was written. TEXT is what stands there; PLAIN means what Helm's reader of values files makes of it."""

    text: str
    kind: SettingKind = SettingKind.TEXT

    def placeholders(self) -> tuple[str, ...]:
        """Name the placeholders in order; raise InvalidValue for a brace that opens or closes nothing."""
        if self.kind is not SettingKind.JSON:
            return placeholders(self.text) if self.kind is SettingKind.TEXT else ()
        return tuple(name for text in _texts(json.loads(self.text)) for name in placeholders(text))

    def expanded(self, values: Mapping[str, str]) -> Setting:
        """Put the values in; of a list or an object into its texts."""
        if self.kind is SettingKind.PLAIN:
            return self
        if self.kind is SettingKind.TEXT:
            return Setting(expand(self.text, values))
        return Setting(as_json(_filled(json.loads(self.text), values)), SettingKind.JSON)


def as_json(value: object) -> str:
    """Write a list or an object the one way it is kept."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def path_of(key: str) -> Path:
    r"""Read a key as `helm --set` does: `hosts[0].name`, `nodeSelector.kubernetes\.io/os`. Raise InvalidValue."""
    path: list[str | int] = []
    at = 0
    while True:
        name = _NAME.match(key, at)
        if name is None:
            raise InvalidValue("set", f"{key!r} {_trouble(key, at)}")
        path.append(_ESCAPED.sub(r"\1", name[0]))
        at = name.end()
        while index := _INDEX.match(key, at):
            if int(index[1]) > MOST_INDEX:
                raise InvalidValue("set", f"{key!r} has an index above {MOST_INDEX}")
            path.append(int(index[1]))
            at = index.end()
        if at == len(key):
            break
        if key[at] != ".":
            raise InvalidValue("set", f"{key!r} {_trouble(key, at, after_index=isinstance(path[-1], int))}")
        at += 1
    if len(path) > MOST_DEPTH:
        raise InvalidValue("set", f"{key!r} goes deeper than {MOST_DEPTH} levels")
    return tuple(path)


def put(values: dict[str, Any], key: str, value: object) -> None:
    """Set a value where the key says, as `helm --set` does: what is not there is made, a list grows by nulls.

    Raise InvalidValue for a key that goes through something that is no list or no object.
    """
    path = path_of(key)
    inside: Any = values
    for number, (part, following) in enumerate(zip(path, (*path[1:], None), strict=True)):
        if not _fits(inside, part):
            needed = "a list" if isinstance(part, int) else "keys and values"
            raise InvalidValue("set", f"{key!r} needs {needed} at {written(path[:number])}, and another value is there")
        _make_room(inside, part)
        if following is None:
            inside[part] = value
        elif inside[part] is None:
            inside[part] = [] if isinstance(following, int) else {}
        inside = inside[part]


def _fits(inside: object, part: str | int) -> bool:
    return isinstance(inside, list if isinstance(part, int) else dict)


def _make_room(inside: Any, part: str | int) -> None:
    if isinstance(part, int):
        inside.extend([None] * (part + 1 - len(inside)))
    else:
        inside.setdefault(part, None)


def written(path: Sequence[str | int]) -> str:
    """Write a path as `helm --set` reads it."""
    parts = (f"[{part}]" if isinstance(part, int) else "." + re.sub(r"([\\.\[\]=,])", r"\\\1", part) for part in path)
    return "".join(parts).removeprefix(".")


def _trouble(key: str, at: int, *, after_index: bool = False) -> str:
    found = key[at : at + 1]
    if found == "[":
        return "has a [ that holds no index, such as [0]"
    if found in ("=", ",", "]"):
        return f"holds {found!r}, which is written \\{found} in a key"
    if after_index:
        return "needs a dot after an index"
    return {"": "ends where a name is missing", ".": "has a dot too many"}.get(found, "ends in a lone backslash")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _filled(value: object, values: Mapping[str, str]) -> object:
    if isinstance(value, str):
        return expand(value, values)
    if isinstance(value, list):
        return [_filled(one, values) for one in value]
    if isinstance(value, dict):
        return {key: _filled(one, values) for key, one in value.items()}
    return value
