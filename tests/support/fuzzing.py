"""What hypothesis draws to break parsers with: any bytes, any JSON, and real payloads with something changed in them.

`EXAMPLES` in the environment asks for more of them: `make fuzz EXAMPLES=5000`.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

_ASKED = int(os.environ.get("EXAMPLES") or "0")
_MOST_CHANGES = 3


def many(examples: int) -> settings:
    """Draw so many examples, or as many as are asked for where that is more."""
    return settings(max_examples=max(examples, _ASKED), suppress_health_check=list(HealthCheck))


# Halves of characters, controls, digits of other scripts, and words that parsers treat in a way of their own.
TEXTS = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(
    (
        "",
        " ",
        "\x00",
        "\ud800",
        "\udc80",
        "٣",
        "NaN",
        "null",
        "../..",
        "~",
        "a" * 5000,
        "%s{x}",
        "\r\n",
        "\U0001d7d9",
        "\ufb00",
        "\u2028",
    )
)
NUMBERS = st.integers() | st.sampled_from((0, -1, 2**31, 2**63, 2**64, 10**400)) | st.floats()
ANY_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
ANY_BYTES = st.binary(max_size=300) | ANY_JSON.map(lambda value: json.dumps(value).encode())


def nodes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value but the root."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, key)
            yield from nodes(inner, (*path, key))


@st.composite
def mutated(draw: st.DrawFn, value: Any) -> Any:
    """A JSON value with a few places changed, taken out, wrapped, repeated or put elsewhere."""
    changed = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, _MOST_CHANGES))):
        places = list(nodes(changed))
        if not places:
            break
        _change(draw, changed, draw(st.sampled_from(places)), places)
    return changed


@st.composite
def filled_anew(draw: st.DrawFn, value: Any) -> Any:
    """A JSON value of the same shape, some of its texts being others."""
    changed = copy.deepcopy(value)
    for path in nodes(changed):
        if isinstance(_at(changed, path), str) and draw(st.integers(0, 3)) == 0:
            _at(changed, path[:-1])[path[-1]] = draw(TEXTS)
    return changed


def _change(draw: st.DrawFn, root: Any, path: tuple[Any, ...], places: list[tuple[Any, ...]]) -> None:
    holder = _at(root, path[:-1])
    match draw(st.sampled_from(("replace", "remove", "wrap", "repeat", "move", "rename"))):
        case "remove":
            del holder[path[-1]]
        case "wrap":
            holder[path[-1]] = draw(st.sampled_from(([holder[path[-1]]], {"a": holder[path[-1]]})))
        case "repeat" if isinstance(holder, list):
            holder.extend([copy.deepcopy(holder[path[-1]])] * draw(st.integers(1, 3)))
        case "rename" if isinstance(holder, dict):
            holder[draw(TEXTS)] = holder.pop(path[-1])
        case "move":
            holder[path[-1]] = copy.deepcopy(_at(root, draw(st.sampled_from(places))))
        case _:
            holder[path[-1]] = draw(ANY_JSON)


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


@st.composite
def spoilt(draw: st.DrawFn, content: bytes) -> bytes:
    """Bytes with a few pieces taken out, put in, repeated or exchanged."""
    found = content
    for _ in range(draw(st.integers(1, _MOST_CHANGES))):
        start = draw(st.integers(0, len(found)))
        end = draw(st.integers(start, min(len(found), start + 40)))
        piece = draw(st.binary(max_size=6) | st.just(found[start:end] * 2) | st.sampled_from(_PIECES))
        found = found[:start] + piece + found[end:]
    return found


_PIECES = (
    b"",
    b"[",
    b"{",
    b'"',
    b"\\",
    b": ",
    b"- ",
    b"&a ",
    b"*a",
    b"!!x ",
    b"<<: ",
    b"|",
    b">",
    b"? ",
    b"%",
    b"#",
    b"\t",
    b"\n",
)


def changed_json(content: bytes) -> st.SearchStrategy[bytes]:
    """A JSON document's bytes with changes of its values or of the bytes themselves."""
    values = json.loads(content)
    return (mutated(values) | filled_anew(values)).map(lambda value: json.dumps(value).encode()) | spoilt(content)
