"""Collects what is wrong with the file, each thing at its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from shared.ports.policies import BrokenPolicy, Fault

FILE = "slipway.yaml"
Place: TypeAlias = tuple[str | int, ...]


class Faults:
    """The faults of one file. `lines` says where each place of it begins."""

    def __init__(self, lines: Mapping[Place, int]) -> None:
        self._lines = lines
        self._found: dict[Fault, None] = {}  # each once, in order

    def add(self, place: Sequence[str | int], problem: str) -> None:
        """Note a fault; what is missing is shown at the line of what it is missing from."""
        self._found[Fault(file=FILE, line=self._line(tuple(place)), key=dotted(place), problem=problem)] = None

    def __bool__(self) -> bool:
        return bool(self._found)

    def broken(self) -> BrokenPolicy:
        """Return what to raise: all faults, by line."""
        return BrokenPolicy(sorted(self._found, key=lambda fault: fault.line))

    def _line(self, place: Place) -> int:
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, 1)


def dotted(place: Sequence[str | int]) -> str:
    """Write a place as people do: `environments.qa.after[0]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")
