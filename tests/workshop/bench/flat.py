"""The same with ten thousand services and a million releases that ended as with a store that is nearly empty."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median

from shared.app.sweep import sweep
from shared.domain.values.names import ServiceKey
from shared.ports.store import Due
from tests.workshop.bench.callers import Asker
from tests.workshop.bench.figures import Report, in_folder, milliseconds
from tests.workshop.bench.large import large_store
from tests.workshop.bench.outside import REPOSITORY, VERSION, Quiet, Shape
from tests.workshop.bench.recovery import HostProcess
from tests.workshop.bench.story import Doors, Story, begin_and_wait
from tests.workshop.bench.world import Hosted, hosted

EMPTY = Shape(100, 20, 20)  # enough that each page and each record is full
LARGE, QUICK = Shape(10_000, 90, 100_090), Shape(500, 9, 509)
_TRANSITIONS = 10  # of one release
_AT_MOST = 1.2
_LARGEST, _TOGETHER, _WAITING, _KILLED, _DUE = slice(1), slice(1, 21), slice(21, 31), range(40, 60), slice(100)
_OF = f"?repository={REPOSITORY}"
_LARGEST_PATH = "/api/services/s00000"
_WAITING_PATH = f"/api/services/s00021/releases/{VERSION}"
_READS: Mapping[str, str] = {
    "overview": "/",
    "service_page": f"/services/s00000{_OF}",
    "services": "/api/services",
    "service": f"{_LARGEST_PATH}{_OF}",
    "releases": f"{_LARGEST_PATH}/releases{_OF}",
    "release": f"{_WAITING_PATH}{_OF}",
    "why": f"{_WAITING_PATH}/why{_OF}",
    "ledger": f"{_LARGEST_PATH}/ledger{_OF}",
    "mark": "/api/mark",
    "health": "/api/health",
}
_RATE = "transitions"  # a second; the more of them the better. All else is milliseconds
Taken = Mapping[tuple[str, int], float]  # by name, and how many at a time


def measure(report: Report, *, large: Shape = LARGE, rounds: int = 3, releases: int = 60) -> None:
    """Measure both stores in turn, each time on a fresh copy: the nearly empty one is the floor."""
    repositories = len(large.configured())
    # A tick asks each for its branches, and health tells of each: that is no history.
    empty = replace(EMPTY, at_least=repositories)
    report.say(
        f"flat: {large.services:,} services, {large.releases:,} ended releases, {large.largest:,} of one service; "
        f"beside {empty.services:,} and {empty.releases:,}, both in {repositories} repositories"
    )
    taken: Mapping[Shape, dict[tuple[str, int], list[float]]] = {empty: defaultdict(list), large: defaultdict(list)}
    for _ in range(rounds):
        for shape, found in taken.items():
            for key, value in in_folder(partial(_side, shape, releases)).items():
                found[key].append(value)
    for (name, at_once), values in taken[large].items():
        floor = median(taken[empty][name, at_once])
        goal, unit, better = floor * _AT_MOST, "ms", "down"
        if name == _RATE:
            goal, unit, better = floor / _AT_MOST, "transitions/s", "up"
        report.add(f"flat/{name}", values, unit, concurrency=at_once, floor=floor, goal=goal, better=better)


def _side(shape: Shape, releases: int, folder: Path) -> Taken:
    """Everything about one store."""
    large_store(shape, folder)
    outside, keys, found = Quiet(shape), shape.every(), dict[tuple[str, int], float]()
    with hosted(folder, outside) as host:
        for measured in (keys[_LARGEST], keys[_TOGETHER]):
            story = Story(outside, Doors(host.app), measured)
            story.tell(1)
            versions = max(1, releases // len(measured))
            took = milliseconds(partial(story.tell, versions)) / 1000
            found[_RATE, len(measured)] = _TRANSITIONS * versions * len(measured) / took
        begin_and_wait(outside, Doors(host.app), keys[_WAITING])
        with closing(Asker(host.url, host.key)) as asker:
            for name, path in _READS.items():
                found[name, 1] = 1000 * _median(partial(asker.ask, "GET", path))
        found["tick_idle", 1] = _median(lambda: _tick(host, []), times=5)
        found["tick_100_due", 1] = _median(lambda: _tick(host, keys[_DUE]), times=5)
    return {**found, ("reopen", 1): 1000 * _reopen(folder, shape)}


def _median(once: Callable[[], float], times: int = 40) -> float:
    """After three tries: what is asked for the first time is not what people wait for."""
    return median([once() for _ in range(3 + times)][3:])


def _tick(host: Hosted, due: Sequence[ServiceKey]) -> float:
    at = host.app.now() - timedelta(seconds=1)
    for key in due:
        host.app.store.add_due(str(key), Due(at=at, what="bench"))
    return milliseconds(lambda: sweep(host.app))


def _reopen(folder: Path, shape: Shape) -> float:
    """From the start of a process to its first answer, after the one before it was killed in the middle of its work."""
    with HostProcess(folder, shape, _KILLED) as host:
        host.until(lambda: host.said("begun"))
        host.kill()
        host.start()
        host.until(lambda: host.said("listens"))
        [url, key] = next(iter(host.said("listens"))).split(" ")
        with closing(Asker(url, key)) as asker:
            asker.ask("GET", f"{_LARGEST_PATH}{_OF}")
            return time.monotonic() - host.started
