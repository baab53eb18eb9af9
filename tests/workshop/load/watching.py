"""What can be seen of a host from outside: its memory, threads, files and time, its queues and its file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from shared.app.operating.operate import ESTATE
from shared.codec.poison import OPEN, OPEN_END

_TICKS = os.sysconf("SC_CLK_TCK")
_MEGABYTE = 1024 * 1024
POISON = "poison"
_OPEN = "SELECT count(*) FROM state JOIN service ON id = state.service WHERE name = ? AND key >= ? AND key < ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The host at one moment; `processor` is seconds of its own and of the children that have ended."""

    rss: float
    threads: int
    files: int
    processor: float
    database: float
    queues: Mapping[str, int]

    @property
    def queued(self) -> int:
        """Messages in all queues, and those that failed for good."""
        return sum(self.queues.values())

    @property
    def poisoned(self) -> int:
        """Messages that failed for good."""
        return self.queues.get(POISON, 0)


def look(pid: int, database: Path) -> Sample:
    """Look at a process and at its file."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines())
    # After the name, which may hold spaces: utime, stime, cutime and cstime are fields 14 to 17.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    size = sum(part.stat().st_size for part in (database, Path(f"{database}-wal")) if part.exists())
    return Sample(
        rss=int(status["VmRSS"].split()[0]) / 1024,
        threads=int(status["Threads"]),
        files=len(os.listdir(f"/proc/{pid}/fd")),
        processor=sum(map(int, fields[11:15])) / _TICKS,
        database=size / _MEGABYTE,
        queues=queues(database),
    )


def queues(database: Path) -> Mapping[str, int]:
    """Count the messages of each queue, those being worked at included, and those that are kept as poison."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as connection:
        found = dict(connection.execute("SELECT queue, count(*) FROM message GROUP BY queue"))
        (poison,) = connection.execute(_OPEN, (ESTATE, OPEN, OPEN_END)).fetchone()
        return {**found, POISON: poison}
