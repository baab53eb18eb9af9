"""`python -m tests.workshop bench`: every figure beside its floor and its goal, as a table and in .local/bench.json."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from infra.local.folder import AZURITE, SQLITE
from tests.workshop.bench import azurite, fair, flat, on_cluster, parts, recovery, throughput
from tests.workshop.bench.figures import Report
from tests.workshop.bench.world import ENGINE, FUNCTIONS, HTTP

FILE = Path(".local/bench.json")
Part = tuple[Callable[..., None], Mapping[str, Any], Mapping[str, Any]]
_RUNS = {"at_once": (1, 20, 200), "releases": 600}, {"at_once": (1, 20), "releases": 60}
# What measures, with what, and with what if it is only tried out.
PARTS: Mapping[str, Part] = {
    "disk": (parts.disk, {"flushes": 1000}, {"flushes": 100}),
    **{kind: (partial(throughput.measure, kinds=[kind]), *_RUNS) for kind in (ENGINE, FUNCTIONS, HTTP)},
    "ack": (parts.ack, {"at_once": (1, 20), "requests": 4000}, {"at_once": (1, 20), "requests": 400}),
    "fair": (fair.measure, {"events": 20_000, "clicks": 200}, {"events": 500, "clicks": 20}),
    "recovery": (recovery.measure, {"at_once": (50, 200)}, {"at_once": (20,), "runs": 1}),
    "flat": (flat.measure, {"large": flat.LARGE, "releases": 60}, {"large": flat.QUICK, "rounds": 1, "releases": 20}),
    "charts": (parts.charts, {"renders": 150, "starts": 5}, {"renders": 20, "starts": 1}),
}
# Beside what Azurite does with the same requests; it is another order of magnitude.
_AZURITE = azurite.AzuriteStore()
_BOTH = partial(throughput.measure, kinds=(ENGINE, FUNCTIONS), at_once=(1, 20), store=_AZURITE)
AZURITE_PARTS: Mapping[str, Part] = {
    "operations": (azurite.operations, {"releases": 10}, {"releases": 3}),
    "throughput": (_BOTH, {"releases": 20}, {"releases": 6, "runs": 1}),
    "recovery": (partial(recovery.measure, store=_AZURITE), {"at_once": (200,)}, {"at_once": (20,), "runs": 1}),
}
CLUSTER_PARTS: Mapping[str, Part] = {
    "overhead": (on_cluster.overhead, {"pairs": 20}, {"pairs": 2}),
    "seen": (on_cluster.seen, {"rollouts": 5, "delay": 5}, {"rollouts": 1, "delay": 2}),
    "at-once": (on_cluster.at_once, {"services": 50}, {"services": 3}),
    "memory": (on_cluster.memory, {"deployments": 1000}, {"deployments": 10}),
}


def run_bench(only: str, *, quick: bool, store: str = SQLITE, cluster: bool = False) -> int:
    """Measure the named parts, all where none is named; `quick` is for trying it out, not for figures."""
    known = CLUSTER_PARTS if cluster else AZURITE_PARTS if store == AZURITE else PARTS
    wanted = only.replace(",", " ").split()
    if unknown := [one for one in wanted if one not in known]:
        print(f"{', '.join(unknown)}: no such part; there are {', '.join(known)}", file=sys.stderr)
        return 2
    report = Report(FILE)
    print(_machine())
    for name in wanted or known:
        measure, in_earnest, tried_out = known[name]
        measure(report, **(tried_out if quick else in_earnest))
        report.write()
    print(f"\nKept in {FILE}.")
    return 0


def _machine() -> str:
    disk = subprocess.run(["df", "--output=source,fstype", "."], capture_output=True, text=True, check=False).stdout
    return (
        f"{platform.python_implementation()} {platform.python_version()} ({platform.python_compiler()}), SQLite"
        f" {sqlite3.sqlite_version}, {os.cpu_count()} cores, {platform.machine()}, disk {' '.join(disk.split()[-2:])},"
        f" load {os.getloadavg()[0]:.1f}"
    )
