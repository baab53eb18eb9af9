"""`python -m tests.workshop bench`: every figure beside its floor and its goal, as a table and in .local/bench.json."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from infra.local.folder import AZURITE, SQLITE
from tests.workshop.bench import ack, charts, disk, fair, flat, recovery, throughput
from tests.workshop.bench.azurite import recovery as azurite_recovery
from tests.workshop.bench.azurite import throughput as azurite_throughput
from tests.workshop.bench.figures import Report
from tests.workshop.bench.shape import Shape

FILE = Path(".local/bench.json")


def _throughput(kind: str) -> Callable[[Report, bool], None]:
    def measure(report: Report, quick: bool) -> None:
        at_once, releases = ((1, 20), 60) if quick else ((1, 20, 200), 600)
        throughput.measure(report, kinds=(kind,), at_once=at_once, releases=releases)

    return measure


def _ack(report: Report, quick: bool) -> None:
    ack.measure(report, at_once=(1, 20), requests=400 if quick else 4000)


def _flat(report: Report, quick: bool) -> None:
    if quick:
        flat.measure(report, large=Shape(500, 5_000, 500), rounds=1, releases=20)
    else:
        flat.measure(report)


def _fair(report: Report, quick: bool) -> None:
    fair.measure(report, events=500 if quick else 20_000, clicks=20 if quick else 200)


def _recovery(report: Report, quick: bool) -> None:
    recovery.measure(report, at_once=(20,) if quick else (50, 200), runs=1 if quick else 3)


PARTS: Mapping[str, Callable[[Report, bool], None]] = {
    "disk": lambda report, quick: disk.measure(report, flushes=100 if quick else 1000),
    "engine": _throughput(throughput.ENGINE),
    "functions": _throughput(throughput.FUNCTIONS),
    "http": _throughput(throughput.HTTP),
    "ack": _ack,
    "fair": _fair,
    "recovery": _recovery,
    "flat": _flat,
    "charts": lambda report, quick: charts.measure(report, renders=20 if quick else 150, starts=1 if quick else 5),
}


def _azurite_throughput(report: Report, quick: bool) -> None:
    azurite_throughput.measure(report, at_once=(1, 20), releases=6 if quick else 20, runs=1 if quick else 3)


def _azurite_recovery(report: Report, quick: bool) -> None:
    azurite_recovery.measure(report, at_once=20 if quick else 200, runs=1 if quick else 3)


# Beside what Azurite does with the same requests; it is another order of magnitude.
AZURITE_PARTS: Mapping[str, Callable[[Report, bool], None]] = {
    "operations": lambda report, quick: azurite_throughput.operations(report, releases=3 if quick else 10),
    "throughput": _azurite_throughput,
    "recovery": _azurite_recovery,
}


def run_bench(only: str, *, quick: bool, store: str = SQLITE) -> int:
    """Measure the named parts, all where none is named; `quick` is for trying it out, not for figures."""
    parts = AZURITE_PARTS if store == AZURITE else PARTS
    wanted = [one for one in only.replace(",", " ").split() if one]
    unknown = [one for one in wanted if one not in parts]
    if unknown:
        print(f"{', '.join(unknown)}: no such part; there are {', '.join(parts)}", file=sys.stderr)
        return 2
    report = Report(FILE)
    print(_machine())
    for name in wanted or parts:
        parts[name](report, quick)
        report.write()
    print(f"\nKept in {FILE}.")
    return 0


def _machine() -> str:
    disk = subprocess.run(["df", "--output=source,fstype", "."], capture_output=True, text=True, check=False).stdout
    build = f"{platform.python_implementation()} {platform.python_version()} ({platform.python_compiler()})"
    return (
        f"{build}, SQLite {sqlite3.sqlite_version}, {os.cpu_count()} cores, {platform.machine()},"
        f" disk {' '.join(disk.split()[-2:])}, load {os.getloadavg()[0]:.1f}"
    )
