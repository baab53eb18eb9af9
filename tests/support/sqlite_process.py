"""A second process at the same SQLite file; run as a program: `<file> <name> <how many> <seconds its clock is ahead> [host]`.

Commits decisions with an effect each and prints every event's id and sequence once it is committed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared.adapters.sqlite import SqliteDatabase
from shared.ports.store import Loaded, Message, Write

SERVICE = "shipping~delivery"
QUEUE = "slipway-deploy"
ENDLESS = 10_000_000


@contextmanager
def writing(
    database: Path, name: str, count: int, *, host: bool = False, ahead: int = 0
) -> Iterator[subprocess.Popen[str]]:
    """Start the program; it is killed afterwards if it has not ended."""
    command = [sys.executable, "-m", "tests.support.sqlite_process", str(database), name, str(count), str(ahead)]
    with subprocess.Popen(
        command + ["host"] * host, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def lines(process: subprocess.Popen[str], most: int) -> list[tuple[str, int]]:
    """Read what it has committed, waiting for `most` lines."""
    assert process.stdout is not None
    read = (process.stdout.readline().split() for _ in range(most))
    return [(line[0], int(line[1])) for line in read]


def _main(path: str, name: str, count: str, ahead: str, *host: str) -> None:
    database = SqliteDatabase(Path(path), lambda: datetime.now(UTC) + timedelta(seconds=int(ahead)))
    if host:
        database.recover()

    def decide(loaded: Loaded) -> Write:
        effect = Message(queue=QUEUE, body=f"{name} after {loaded.sequence}")
        written = {"1~policy": str(loaded.sequence + 1).encode()}
        return Write(puts=written, ledger=lambda sequence, previous: f"{name} {sequence}".encode(), outbox=(effect,))

    for number in range(int(count)):
        committed = database.store.transact(SERVICE, f"{name}-{number}", decide)
        print(f"{name}-{number}", committed.sequence, flush=True)
    database.close()


if __name__ == "__main__":
    _main(*sys.argv[1:])
