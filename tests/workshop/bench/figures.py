"""Figures: measured, each beside its floor and its goal, as a table and as JSON. Nothing here asserts a time."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
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

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.better == "up" else self.value <= self.goal

    def __str__(self) -> str:
        """One line of the table."""
        spread = f" ({number(min(self.runs))} to {number(max(self.runs))})" if len(self.runs) > 1 else ""
        floor = f"floor {number(self.floor)}" if self.floor is not None else ""
        sign = "≥" if self.better == "up" else "≤"
        goal = f"goal {sign} {number(self.goal)} {'✓' if self.reached else '✗'}" if self.goal is not None else ""
        value = f"{number(self.value)}{spread}"
        line = (
            f"  {self.name:<34} {self.concurrency:>6}  {value:>26} {self.unit:<13} {floor:<16} {goal:<18} {self.note}"
        )
        return line.rstrip()


class Report:
    """Collects figures; prints each when it comes, and keeps them in a file with those of other parts."""

    def __init__(self, file: Path, *, quiet: bool = False) -> None:
        self.figures: list[Figure] = []
        self._file, self._quiet = file, quiet

    def add(self, name: str, value: float, unit: str, **more: Any) -> None:
        """Take a figure in."""
        self.figures.append(Figure(name=name, value=value, unit=unit, **more))
        if not self._quiet:
            print(self.figures[-1], flush=True)

    def runs(self, name: str, values: Sequence[float], unit: str, **more: Any) -> None:
        """Take in what several runs came to."""
        self.add(name, statistics.median(values), unit, runs=tuple(values), **more)

    def percentiles(
        self,
        name: str,
        values: Sequence[float],
        beside: Sequence[float] = (),
        *,
        goals: Mapping[int, float] = MappingProxyType({}),
        notes: Mapping[int, str] = MappingProxyType({}),
        concurrency: int = 1,
    ) -> None:
        """Take in median and 99th percentile of milliseconds, beside those of a floor; goals and notes are by percentile."""
        for percent in (50, 99):
            self.add(
                f"{name}_p{percent}",
                percentile(values, percent),
                "ms",
                floor=percentile(beside, percent) if beside else None,
                goal=goals.get(percent),
                note=notes.get(percent, ""),
                concurrency=concurrency,
            )

    def say(self, text: str) -> None:
        """Say what is being measured."""
        if not self._quiet:
            print(f"\n{text}", flush=True)

    def write(self) -> None:
        """Write the figures; those that an earlier run measured and this one did not stay."""
        rows = {(one["name"], one["concurrency"]): one for one in [*self._before(), *map(asdict, self.figures)]}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps([rows[key] for key in sorted(rows)], indent=1) + "\n", encoding="utf-8")

    def _before(self) -> list[dict[str, Any]]:
        try:
            return list(json.loads(self._file.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return []


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
        return work(Path(folder))
