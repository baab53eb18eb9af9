"""What work on a chart may take: known to the settings, which are read before anything is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartLimits:
    """What work on one chart may take, of the process that it is done in. Sizes in bytes."""

    resident: int = 512 * MIB
    address_space: int = 4096 * MIB
    processor: timedelta = timedelta(seconds=20)
    wall: timedelta = timedelta(seconds=60)
    output: int = 16 * MIB
    idle: timedelta = timedelta(minutes=5)
    renders: int = 200
