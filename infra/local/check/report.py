"""One list of what is fine, what to change, and what to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

_WIDEST = 600


class Mark(StrEnum):
    """What a line asks of whoever reads it; the word stands in front of it."""

    FINE = "ok"
    CHANGE = "change"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at."""

    mark: Mark
    text: str


@dataclass(slots=True)
class CheckReport:
    """Lines by what they are about, in the order in which they were found."""

    parts: dict[str, list[Line]] = field(default_factory=dict)

    def fine(self, part: str, text: str) -> None:
        """Say what needs nothing."""
        self._add(part, Mark.FINE, text)

    def change(self, part: str, text: str) -> None:
        """Say what fails as it is, with what to do."""
        self._add(part, Mark.CHANGE, text)

    def note(self, part: str, text: str) -> None:
        """Say what is no fault, and good to know."""
        self._add(part, Mark.NOTE, text)

    @property
    def changes(self) -> int:
        """How many things have to be changed."""
        return sum(line.mark is Mark.CHANGE for lines in self.parts.values() for line in lines)

    def text(self) -> str:
        """All of it, for a terminal."""
        pieces: list[str] = []
        for part, lines in self.parts.items():
            pieces.append(f"{part}\n")
            pieces += [f"  {line.mark:<7} {line.text}\n" for line in lines]
        changes = self.changes
        end = f"{changes} to change" if changes else "nothing to change"
        return "".join(pieces) + f"\n{end}\n"

    def _add(self, part: str, mark: Mark, text: str) -> None:
        # What a branch brings may hold anything, also what moves a terminal's cursor.
        shown = "".join(sign if sign.isprintable() else " " for sign in text)
        self.parts.setdefault(part, []).append(Line(mark, shown if len(shown) <= _WIDEST else f"{shown[:_WIDEST]}…"))
