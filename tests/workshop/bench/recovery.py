"""How long after `kill -9` releases that were under way go on, and how long until all of them are done.

`python -m tests.workshop.bench.recovery JSON` is the host to be killed. Its state is in a file, or in a storage account. It says
what happens on its standard output, a word, a time of the monotonic clock and what it is about a line, and ends with whoever started it.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import astuple
from functools import partial
from pathlib import Path
from statistics import median

from shared import bootstrap
from shared.adapters.azure_storage import AzureStorage
from shared.adapters.sqlite import SqliteDatabase
from shared.bootstrap import Database, utc_now
from shared.domain.values.names import ServiceKey
from tests.support.host import wait_until
from tests.support.mortal import MortalProcess
from tests.workshop.bench.figures import Report, in_folder
from tests.workshop.bench.outside import Quiet, Shape, release_begins
from tests.workshop.bench.story import Doors, decisions, log_goes_to, send
from tests.workshop.bench.throughput import FILE, MeasuredStore
from tests.workshop.bench.world import hosted

_MOMENT = 0.02  # seconds that each copy and each deployment takes
_GOALS = {"recovery_first": 0.5, "recovery_all_done": 1.0}  # of fifty in a file
_PATIENCE = 600.0


class HostProcess(MortalProcess):
    """A host on the folder's store, or on an account; see main. It begins releases in its first life; `started` is the moment before a life."""

    def __init__(self, folder: Path, shape: Shape, begin: Sequence[int], connection: str = "") -> None:
        def command(life: int) -> Sequence[str]:
            given = [str(folder), astuple(shape), list(begin) if life == 1 else [], connection]
            return [sys.executable, "-m", "tests.workshop.bench.recovery", json.dumps(given)]

        # As where people run it: what was compiled once is not compiled at the next start.
        compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder.parent / "compiled")}
        super().__init__(folder / "host.log", command, environment={**os.environ, **compiled})

    def start(self) -> None:
        """See MortalProcess."""
        self.started = time.monotonic()
        super().start()

    def said(self, word: str) -> Mapping[str, float]:
        """What it said a word about in its present life, and how many seconds after its start."""
        found = re.findall(rf"^{word} (\S+) (.*)\n", self.log.read_text(encoding="utf-8"), re.MULTILINE)
        return {about: float(at) - self.started for at, about in found if float(at) > self.started}

    def until(self, condition: Callable[[], object]) -> None:
        """Wait for what it will have said; raise RuntimeError where it does not come."""
        wait_until(lambda: self.process.poll() is not None or condition(), patience=_PATIENCE)
        if not condition():
            raise RuntimeError(f"the host says nothing more; see {self.log.read_text()[-1000:]}")


def measure(report: Report, *, at_once: Sequence[int], runs: int = 3, store: MeasuredStore = FILE) -> None:
    """So many runs, each with so many releases at a time, one of a service, in a store that outlives the host."""

    def once(services: int, folder: Path) -> Mapping[str, float]:
        with store.outliving(folder, services) as (shape, connection):
            return recover(folder, shape, connection)

    for services in at_once:
        report.say(f"{store.name}recovery: kill -9 of the host with {services} releases under way")
        found = [in_folder(partial(once, services)) for _ in range(runs)]
        of = {name: [one[name] for one in found] for name in found[0]}
        start, listens, left = (median(of.pop(name)) for name in ("imported", "listens", "left"))
        note = f"{left:.0f} were under way; Python and imports {start:.2f} s, listens after {listens:.2f} s"
        for name, values in of.items():
            goal = _GOALS.get(name) if (store, services) == (FILE, 50) else None
            report.add(store.name + name, values, "s", concurrency=services, goal=goal, note=note)


def recover(folder: Path, shape: Shape, connection: str) -> Mapping[str, float]:
    """Kill a host in the middle of it, start another, and wait until every release has ended; seconds from the second start."""
    with HostProcess(folder, shape, range(shape.services), connection) as host:
        # All of them have begun, some have come further.
        host.until(lambda: host.said("begun"))
        host.kill()
        ended = host.said("ended").keys()
        host.start()
        host.until(lambda: len(ended | host.said("ended").keys()) == shape.services)
        moved = host.said("moved")
        return {
            "imported": max(host.said("imported").values()),
            "listens": max(host.said("listens").values()),
            "recovery_first": min(moved.values()),
            "recovery_all_move": max(at for service, at in moved.items() if service not in ended),
            "recovery_all_done": max(host.said("ended").values()),
            "left": shape.services - len(ended),
        }


def say(word: str, about: str) -> None:
    """Say it at once, in one piece; whoever reads knows the clock."""
    print(f"{word} {time.monotonic()} {about}\n", end="", flush=True)


def main(folder: Path, shape: Shape, begin: Sequence[int], connection: str) -> None:
    """Serve; begin a release of each of these services, and answer every question with yes."""
    say("imported", "")
    parent = os.getppid()
    moved, begun = set[str](), set[str]()

    def decided(line: Mapping[str, str]) -> None:
        """Say when the first decision that moved a service is in the ledger, and when all releases have begun."""
        service = ServiceKey.parse(line["service"]).service
        if line["outcome"] != "moved":
            return
        if service not in moved:
            moved.add(service)
            say("moved", service)
        if line["type"] == "change-found":
            begun.add(service)
            if len(begun) == len(begin):
                say("begun", "")

    opened: Callable[[], Database] = partial(SqliteDatabase, folder / "slipway.db", utc_now)
    if connection:
        opened = partial(AzureStorage.of_connection, connection, utc_now)
    outside = Quiet(shape)
    outside.outlive(folder / "outside", _MOMENT)
    outside.released = lambda service, version: say("ended", service)
    outside.people.listens = lambda question: Doors(bootstrap.app()).approve(question)
    # They are in the doors' queue before the host begins: all releases go on side by side.
    with closing(opened()) as database:
        for event in (release_begins(shape.key(index)) for index in begin):
            send(database.queues, event)
    with log_goes_to(decisions(decided)), hosted(folder, outside, opened()) as host:
        say("listens", f"{host.url} {host.key}")
        while os.getppid() == parent:
            time.sleep(1)


if __name__ == "__main__":
    where, numbers, *more = json.loads(sys.argv[1])
    main(Path(where), Shape(*numbers), *more)
