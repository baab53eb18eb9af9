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
from tests.workshop.bench import azurite, fair, flat, parts, recovery, throughput
from tests.workshop.bench.figures import Report

FILE = Path(".local/bench.json")
Part = Callable[[Report, bool], None]


def _throughput(kind: str) -> Part:
    def measure(report: Report, quick: bool) -> None:
        at_once, releases = ((1, 20), 60) if quick else ((1, 20, 200), 600)
        throughput.measure(report, kind=kind, at_once=at_once, releases=releases)

    return measure


PARTS: Mapping[str, Part] = {
    "disk": lambda report, quick: parts.disk(report, flushes=100 if quick else 1000),
    "engine": _throughput(throughput.ENGINE),
    "functions": _throughput(throughput.FUNCTIONS),
    "http": _throughput(throughput.HTTP),
    "ack": lambda report, quick: parts.ack(report, at_once=(1, 20), requests=400 if quick else 4000),
    "fair": lambda report, quick: fair.measure(report, events=500 if quick else 20_000, clicks=20 if quick else 200),
    "recovery": lambda report, quick: recovery.measure(
        report, at_once=(20,) if quick else (50, 200), runs=1 if quick else 3
    ),
    "flat": lambda report, quick: flat.measure(
        report, large=flat.QUICK if quick else flat.LARGE, rounds=1 if quick else 3, releases=20 if quick else 60
    ),
    "charts": lambda report, quick: parts.charts(report, renders=20 if quick else 150, starts=1 if quick else 5),
}
# Beside what Azurite does with the same requests; it is another order of magnitude.
AZURITE_PARTS: Mapping[str, Part] = {
    "operations": lambda report, quick: azurite.operations(report, releases=3 if quick else 10),
    "throughput": lambda report, quick: azurite.measure(
        report, at_once=(1, 20), releases=6 if quick else 20, runs=1 if quick else 3
    ),
    "recovery": lambda report, quick: azurite.recover(report, at_once=20 if quick else 200, runs=1 if quick else 3),
}


def run_bench(only: str, *, quick: bool, store: str = SQLITE) -> int:
    """Measure the named parts, all where none is named; `quick` is for trying it out, not for figures."""
    known = AZURITE_PARTS if store == AZURITE else PARTS
    wanted = only.replace(",", " ").split()
    if unknown := [one for one in wanted if one not in known]:
        print(f"{', '.join(unknown)}: no such part; there are {', '.join(known)}", file=sys.stderr)
        return 2
    report = Report(FILE)
    print(_machine())
    for name in wanted or known:
        known[name](report, quick)
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
