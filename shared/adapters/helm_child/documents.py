"""YAML as Helm and kubectl read it: split at lines of dashes, each document by Helm's own reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import helm_python as helm

from shared.adapters.helm_child.oddities import oddities

MOST_DOCUMENTS, MOST_VALUES, MOST_DEPTH = 10_000, 1_000_000, 200

SEPARATOR = re.compile(r"^---(.*)$", re.MULTILINE)
_MARK = "\ufeff"
_MARKED = re.compile(rf"^{_MARK}", re.MULTILINE)
_BEGINNING = re.compile(rf"(?:---.*)?(?:[\s{_MARK}]|#.*\n)*")
HARMLESS = re.compile(r"[ \t]*(?:#.*)?\r?")
_ABOVE = re.compile(r"error (?:converting YAML to JSON|unmarshaling JSON): (?:yaml: |while decoding JSON: )?")
_LINE = re.compile(r"\bline (\d+): ")
_MARK_WITHIN = "begins a line with a byte order mark, which not everybody reads alike; save it without one"
_ROOTS = {"array": "a list", "string": "a text", "number": "a number", "bool": "a truth value"}
_OTHER_ROOT = re.compile(r"cannot unmarshal (?:JSON )?(\w+)")


def fields(text: str) -> dict[str, Any]:
    """Read a document that holds keys and values, as Helm reads values files."""
    if "\0" in text:
        # Helm's library would be given what stands before it.
        raise ValueError("holds a NUL, which no YAML may")
    return helm.values_from_yaml(text)


def documents(text: str) -> dict[str, Any]:
    """Read all documents; what cannot be judged, and what is odd, is told of with its line, counted from 1."""
    objects: list[dict[str, Any]] = []
    faults: list[list[Any]] = []
    odd: list[list[Any]] = []
    room = MOST_VALUES
    for number, (line, problem, document) in enumerate(_split(text)):
        if number == MOST_DOCUMENTS:
            faults.append([line, f"comes after {MOST_DOCUMENTS} other documents, which are all that is read"])
            break
        if problem:
            faults.append([line, problem])
        # Helm's reader takes one at the very beginning for none; of others it depends on who reads.
        marked = _MARKED.search(document, 0 if number else 1)
        if marked is not None:
            faults.append([line + document.count("\n", 0, marked.start()), _MARK_WITHIN])
        read = document if marked is None else unmarked(document)
        try:
            found = fields(read)
            room -= _values(found)
        except helm.HelmError as error:
            faults.append(_fault(line, error.detail))
            continue
        except (ValueError, RecursionError) as error:
            faults.append([line, str(error) or "is nested too deep"])
            continue
        if room < 0:
            faults.append([line, f"goes on after {MOST_VALUES} values, which are all that is read"])
            break
        odd += ([line + below, why] for below, why in oddities(read))
        if found:
            objects.append(found)
    return {"objects": objects, "faults": faults, "odd": odd}


def unmarked(document: str) -> str:
    """Return a document without byte order marks at its beginning, which may be dashes and notes."""
    beginning = _BEGINNING.match(document)
    end = beginning.end() if beginning is not None else 0
    return document[:end].replace(_MARK, "") + document[end:]


def _split(text: str) -> Iterator[tuple[int, str, str]]:
    start, line, problem = 0, 1, ""
    for match in SEPARATOR.finditer(text):
        yield line, problem, text[start : match.start()]
        line += text.count("\n", start, match.start())
        start, problem = match.end(), ""
        if not HARMLESS.fullmatch(match[1]):
            # Helm reads it as part of the document, others leave it out, or refuse it.
            problem = "goes on behind the dashes, which not everybody reads alike; begin it in a line of its own"
            start = match.start(1)
    yield line, problem, text[start:]


def _fault(line: int, detail: str) -> list[Any]:
    said = _ABOVE.sub("", " ".join(detail.split()))
    other = _OTHER_ROOT.search(said)
    if other is not None:
        return [line, f"is {_ROOTS.get(other[1], other[1])} and not an object"]
    inside = _LINE.search(said)
    return [line + int(inside[1]) - 1 if inside else line, _LINE.sub("", said)[:300]]


def _values(found: dict[str, Any]) -> int:
    """Count; raise ValueError where it goes too deep for those who walk it."""
    count = 0
    level: list[Any] = [found]
    below: list[Any] = []
    for _ in range(MOST_DEPTH):
        for one in level:
            inside = one.values() if isinstance(one, dict) else one
            count += len(one)
            below += [each for each in inside if isinstance(each, dict | list)]
        if not below:
            return count
        level, below = below, []
    raise ValueError(f"is nested deeper than {MOST_DEPTH} levels")
