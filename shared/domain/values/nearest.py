"""What somebody may have meant by a name that is nobody's."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_ALIKE = 0.6
# Comparing one name with another takes microseconds, and there may be a million of them.
_MOST_COMPARED, _LONGEST = 5_000, 200


def closest(word: str, words: Iterable[str], *, like: float = _ALIKE) -> str:
    """The word that is most like it, whatever the case of its letters; empty where none is so `like` it (1.0: the same)."""
    if len(word) > _LONGEST:
        return ""
    folded: dict[str, str] = {}
    for one in words:
        if len(one) <= _LONGEST and len(folded) < _MOST_COMPARED:
            folded.setdefault(one.casefold(), one)
    found = get_close_matches(word.casefold(), folded, n=1, cutoff=like)
    return folded[found[0]] if found else ""


def meant(found: str) -> str:
    """Ask whether that was meant, where there is something."""
    return f"; is {found} meant?" if found else ""
