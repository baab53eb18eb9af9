"""Figures: measured, each beside its floor and its goal, as a table and as JSON. Nothing here asserts a time."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

T = TypeVar("T")
CACHE = Path(".local/bench")


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
    better: str = "down"
    runs: tuple[float, ...] = ()
    note: str = ""

    def __str__(self) -> str:
        """One line of the table."""
        spread = f" ({number(min(self.runs))} to {number(max(self.runs))})" if len(self.runs) > 1 else ""
        floor = f"floor {number(self.floor)}" if self.floor is not None else ""
        goal = ""
        if self.goal is not None:
            up, most = self.better == "up", max(self.value, self.goal)
            reached = self.value == most if up else self.goal == most
            goal = f"goal {'≥' if up else '≤'} {number(self.goal)} {'✓' if reached else '✗'}"
        value = f"{number(self.value)}{spread}"
        line = (
            f"  {self.name:<34} {self.concurrency:>6}  {value:>26} {self.unit:<13} {floor:<16} {goal:<18} {self.note}"
        )
        return line.rstrip()


class Report:
    """Collects figures; prints each when it comes, and keeps them in a file with those of other parts."""

    def __init__(self, file: Path) -> None:
        self.figures: list[Figure] = []
        self._file = file

    def add(self, name: str, values: Sequence[float], unit: str, **more: Any) -> None:
        """Take in what several runs came to, or one."""
        figure = Figure(name=name, value=statistics.median(values), unit=unit, runs=tuple(values), **more)
        self.figures.append(figure)
        print(figure, flush=True)

    def percentiles(self, name: str, values: Sequence[float], beside: Sequence[float] = (), **more: Any) -> None:
        """Take in median and 99th percentile of milliseconds, beside those of a floor; `goal_50` and `goal_99` are their goals."""
        goals = {percent: more.pop(f"goal_{percent}", None) for percent in (50, 99)}
        for percent, goal in goals.items():
            floor = percentile(beside, percent) if beside else None
            self.add(f"{name}_p{percent}", [percentile(values, percent)], "ms", floor=floor, goal=goal, **more)

    def say(self, text: str) -> None:
        """Say what is being measured."""
        print(f"\n{text}", flush=True)

    def write(self) -> None:
        """Write the figures; those that an earlier run measured and this one did not stay."""
        before = json.loads(self._file.read_text(encoding="utf-8")) if self._file.exists() else []
        rows = {(one["name"], one["concurrency"]): one for one in [*before, *map(asdict, self.figures)]}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps([rows[key] for key in sorted(rows)], indent=1) + "\n", encoding="utf-8")


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of all are not above; 0 without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


def number(value: float) -> str:
    """A figure as people read it: no more digits than it deserves."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def milliseconds(work: Callable[[], object]) -> float:
    """How long it took."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def in_folder(work: Callable[[Path], T], cache: Path = CACHE) -> T:
    """Do something in a folder on the project's disk that is gone afterwards."""
    cache.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=cache) as folder:
        return work(Path(folder).absolute())
