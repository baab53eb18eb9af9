"""Rendered templates as one text, always in one order: what is checked, approved, kept, and compared before it is applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

SOURCE = "# Source: "
_NOTES = "/NOTES.txt"


def composed(definitions: Iterable[tuple[str, str]], files: Mapping[str, str]) -> str:
    """Put custom resource definitions first, then the templates by their names, the notes left out."""
    shown = [(name, text) for name, text in sorted(files.items()) if not name.endswith(_NOTES)]
    pieces = [f"---\n{SOURCE}{name}\n{text.strip()}\n" for name, text in [*definitions, *shown] if text.strip()]
    return "".join(pieces)


def first_difference(one: str, other: str) -> str:
    """Name the template in which two of these texts differ first."""
    place = ""
    for left, right in zip([*one.split("\n"), ""], [*other.split("\n"), ""], strict=False):
        if left != right:
            break
        if left.startswith(SOURCE):
            place = left.removeprefix(SOURCE)
    return place or "the chart"
