"""How long the disk takes to keep a page for good: under every other figure lies this one."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path

from tests.workshop.bench.figures import Figure, Report, percentile
from tests.workshop.bench.throughput import in_folder

_PAGE = 4096
_PAGES = 400


def measure(report: Report, *, flushes: int) -> None:
    """Write over pages of a file, each followed by a flush, as a log does that goes round."""
    report.say("the disk alone")
    took = in_folder(partial(_flush, flushes))
    for percent in (50, 99):
        value = percentile(took, percent) * 1000
        report.add(Figure(name=f"disk/flush_p{percent}", value=value, unit="ms", better="down"))


def _flush(flushes: int, folder: Path) -> list[float]:
    file = os.open(folder / "pages", os.O_RDWR | os.O_CREAT)
    try:
        os.pwrite(file, bytes(_PAGE * _PAGES), 0)
        os.fsync(file)
        took = []
        for number in range(flushes):
            began = time.perf_counter()
            os.pwrite(file, os.urandom(_PAGE), number % _PAGES * _PAGE)
            os.fdatasync(file)
            took.append(time.perf_counter() - began)
        return took
    finally:
        os.close(file)
