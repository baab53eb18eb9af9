"""Matching names against `*`, `?` and `**`, in time bounded by the product of both lengths, whatever the pattern."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Part = TypeVar("Part")


def text_matches(pattern: str, text: str) -> bool:
    """Whether the text is what the pattern says: `*` any characters, slashes too, `?` exactly one."""
    return _matches(pattern, text, star="*", same=lambda wanted, found: wanted in ("?", found))


def path_covered(pattern: Sequence[str], path: Sequence[str]) -> bool:
    """Whether the pattern names the path or a folder above it: `**` any folders, `*` and `?` within one name."""
    return _matches((*pattern, "**"), path, star="**", same=text_matches)


def segments(path: str) -> tuple[str, ...]:
    """Split a root-relative path or path pattern; the root itself has no segments."""
    return tuple(part for part in path.split("/") if part not in ("", "."))


def _matches(pattern: Sequence[Part], text: Sequence[Part], *, star: Part, same: Callable[[Part, Part], bool]) -> bool:
    # Greedy with one place to go back to: only the latest star can need more, so an earlier one is never tried
    # again and nothing grows exponentially.
    at = position = 0
    after_star, taken = -1, 0
    while position < len(text):
        if at < len(pattern) and pattern[at] == star:
            at += 1
            after_star, taken = at, position
        elif at < len(pattern) and same(pattern[at], text[position]):
            at += 1
            position += 1
        elif after_star >= 0:
            taken += 1
            at, position = after_star, taken
        else:
            return False
    return all(part == star for part in pattern[at:])
