"""What Helm reads in a document and others read otherwise, or leave out: who judges and who applies would see two things.

Helm's reader (sigs.k8s.io/yaml) takes the last of two keys, lets a merge win over what stands before it, and stops at the first
document's end without a word. Its scanner is libyaml's, so that libyaml tells where that happens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

import helm_python as helm

MOST_ODDITIES = 20
_MERGE = "<<"
# Plain keys that are no texts become texts: 010 is 8, and yes is true.
_NO_TEXT = re.compile(r"[-+.0-9].*|~|(?:y|n|yes|no|on|off|true|false|null)", re.IGNORECASE | re.DOTALL)
_SHORT = 60
_AFTER_END = "goes on after its end, which is left out; begin each document with --- in a line of its own"


@dataclass(slots=True)
class _Open:
    """A list, or an object with the keys that were seen; `next_is_key` of its next node."""

    is_object: bool
    next_is_key: bool
    keys: set[str] = field(default_factory=set)


def oddities(document: str) -> Iterator[tuple[int, str]]:
    """Name what is odd in a document that Helm reads, by its line counted from 0; the first of many."""
    yield from islice(_oddities(document), MOST_ODDITIES)


def _oddities(document: str) -> Iterator[tuple[int, str]]:
    import yaml
    from yaml.cyaml import CParser  # type: ignore[attr-defined] # the stubs leave it out

    open_: list[_Open] = []
    event: Any
    ended = False
    parser: Any = CParser(document)
    # Lines as everybody else here counts them; libyaml knows of more ends of lines.
    line = _lines(document)
    try:
        while (event := parser.get_event()) is not None:
            place: Any = event.start_mark
            if ended and isinstance(event, yaml.DocumentStartEvent):
                yield line(place.index), _AFTER_END
                return
            ended = ended or isinstance(event, yaml.DocumentEndEvent)
            if isinstance(event, yaml.CollectionEndEvent):
                open_.pop()
            elif isinstance(event, yaml.NodeEvent):
                problem = _of_node(open_, event)
                if problem:
                    yield line(place.index), problem
                if isinstance(event, yaml.CollectionStartEvent):
                    is_object = isinstance(event, yaml.MappingStartEvent)
                    open_.append(_Open(is_object, next_is_key=is_object))
    except yaml.MarkedYAMLError as error:
        below = line(error.problem_mark.index) if error.problem_mark is not None else 0
        yield below, _AFTER_END if ended else f"is read by Helm, and not by everybody: {str(error.problem)[:200]}"
    except yaml.YAMLError as error:
        yield 0, f"is read by Helm, and not by everybody: {' '.join(str(error).split())[:200]}"


def _of_node(open_: list[_Open], event: Any) -> str:
    within = open_[-1] if open_ else None
    if within is None or not within.is_object:
        return ""
    is_key, within.next_is_key = within.next_is_key, not within.next_is_key
    return _of_key(within.keys, event) if is_key else ""


def _of_key(seen: set[str], event: Any) -> str:
    value, tag = getattr(event, "value", None), getattr(event, "tag", None)
    if not isinstance(value, str) or tag is not None:
        return "has a key that is an alias or bears a tag, which not everybody reads alike; write out what it means"
    plain = event.implicit[0]
    if plain and value == _MERGE and seen - {_MERGE}:
        return "merges others (<<) after keys of its own, which not everybody reads alike; put << first"
    key = _as_text(value) if plain and _NO_TEXT.fullmatch(value) else value
    if key in seen:
        shown = key if len(key) <= _SHORT else f"{key[:_SHORT]}…"
        return f"holds the key {shown} twice, of which not everybody takes the same one; write it once"
    seen.add(key)
    return ""


@lru_cache(maxsize=4096)
def _as_text(key: str) -> str:
    try:
        found = helm.values_from_yaml(f"{key}: 0")
    except helm.HelmError:
        return key
    return str(next(iter(found), key))


def _lines(document: str) -> Callable[[int], int]:
    # Where libyaml is grows from node to node, so that nothing is counted twice.
    counted, lines = 0, 0

    def line(place: int) -> int:
        nonlocal counted, lines
        if place > counted:
            lines += document.count("\n", counted, place)
            counted = place
        return lines

    return line
