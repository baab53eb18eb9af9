"""Figures: measured, each beside its floor and its goal, as a table and as JSON. Nothing here asserts a time."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value. `floor` is what the same machine did without us in the same run, `goal` what is aimed at.

    `value` is the median of `runs`. `better` says in which direction: `up` or `down`.
    """

    name: str
    value: float
    unit: str
    concurrency: int = 1
    floor: float | None = None
    goal: float | None = None
    better: str = "up"
    runs: tuple[float, ...] = ()
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.better == "up" else self.value <= self.goal


def median_of(values: Sequence[float]) -> float:
    """The middle of several runs."""
    return statistics.median(values) if values else 0.0


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of all are not above; 0 without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


class Report:
    """Collects figures; prints each when it comes, and keeps them in a file with those of other parts."""

    def __init__(self, file: Path, *, quiet: bool = False) -> None:
        self.figures: list[Figure] = []
        self._file, self._quiet = file, quiet

    def add(self, *figures: Figure) -> None:
        """Take figures in."""
        for one in figures:
            self.figures.append(one)
            if not self._quiet:
                print(line_of(one), flush=True)

    def say(self, text: str) -> None:
        """Say what is being measured."""
        if not self._quiet:
            print(f"\n{text}", flush=True)

    def write(self) -> None:
        """Write the figures; those that an earlier run measured and this one did not stay."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        mine = {(one.name, one.concurrency) for one in self.figures}
        kept = [one for one in _read(self._file) if (one.get("name"), one.get("concurrency")) not in mine]
        rows = sorted([*kept, *map(asdict, self.figures)], key=lambda one: (str(one["name"]), int(one["concurrency"])))
        self._file.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _read(file: Path) -> Iterable[dict[str, object]]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def line_of(one: Figure) -> str:
    """One line of the table."""
    spread = f" ({number(min(one.runs))} to {number(max(one.runs))})" if len(one.runs) > 1 else ""
    floor = f"floor {number(one.floor)}" if one.floor is not None else ""
    sign = "≥" if one.better == "up" else "≤"
    goal = f"goal {sign} {number(one.goal)} {'✓' if one.reached else '✗'}" if one.goal is not None else ""
    value = f"{number(one.value)}{spread}"
    return (
        f"  {one.name:<34} {one.concurrency:>6}  {value:>26} {one.unit:<13} {floor:<16} {goal:<18} {one.note}".rstrip()
    )


def number(value: float) -> str:
    """A figure as people read it: no more digits than it deserves."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
