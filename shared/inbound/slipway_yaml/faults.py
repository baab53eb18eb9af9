"""Collects what is wrong with the file, each thing at its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from shared.ports.policies import BrokenPolicy, Fault

FILE = "slipway.yaml"
# Faults are stored and shown as a whole, so even a hostile file makes a bounded text of them.
MOST_FAULTS = 50
MOST_CHARACTERS = 500
Place: TypeAlias = tuple[str | int, ...]


class Faults:
    """The faults of one file. `lines` says where each place of it begins."""

    def __init__(self, lines: Mapping[Place, int]) -> None:
        self._lines = lines
        self._found: dict[Fault, None] = {}  # each once, in order

    def add(self, place: Sequence[str | int], problem: str) -> None:
        """Note a fault; what is missing is shown at the line of what it is missing from."""
        line = self._line(tuple(place))
        self._found[Fault(file=FILE, line=line, key=_short(dotted(place)), problem=_short(problem))] = None

    def __bool__(self) -> bool:
        return bool(self._found)

    def broken(self) -> BrokenPolicy:
        """Return what to raise: all faults, by line; of very many the first, and how many there are."""
        faults = sorted(self._found, key=lambda fault: fault.line)
        more = len(faults) - MOST_FAULTS
        if more > 0:
            faults[MOST_FAULTS:] = [Fault(file=FILE, line=0, key="", problem=f"has {more} more faults")]
        return BrokenPolicy(faults)

    def _line(self, place: Place) -> int:
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, 1)


def dotted(place: Sequence[str | int]) -> str:
    """Write a place as people do: `environments.qa.after[0]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")


def _short(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"
