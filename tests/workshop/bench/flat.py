"""The same with ten thousand services and a million releases that ended as with a store that is nearly empty."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median

from shared.app.sweep import sweep
from shared.domain.values.names import ServiceKey
from shared.domain.values.records import replace
from shared.ports.store import Due
from tests.workshop.bench.callers import Asker, person
from tests.workshop.bench.figures import CACHE, Report, in_folder, milliseconds
from tests.workshop.bench.large import copy_store, large_store
from tests.workshop.bench.recovery import HostProcess
from tests.workshop.bench.shape import Shape
from tests.workshop.bench.story import VERSION, Doors, Story, begin_and_wait
from tests.workshop.bench.world import REPOSITORY, Hosted, Quiet, hosted

EMPTY = Shape(100, 2_000, 20)  # enough that each page and each record is full
LARGE, QUICK = Shape(10_000, 1_000_000, 100_000), Shape(500, 5_000, 500)
_TRANSITIONS = 10  # of one release
_AT_MOST = 1.2
_DUE = 100
_LARGEST, _TOGETHER, _WAITING, _KILLED = 0, range(1, 21), range(21, 31), range(40, 60)
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
# Name, value, unit and how many at a time; of transitions more is better, of all else less.
Measured = tuple[str, float, str, int]
_RATE = "transitions/s"


def measure(report: Report, *, large: Shape = LARGE, rounds: int = 3, releases: int = 60, cache: Path = CACHE) -> None:
    """Measure both stores in turn, each time on a fresh copy: the nearly empty one is the floor."""
    repositories = len(large.repositories())
    # A tick asks each for its branches, and health tells of each: that is no history.
    empty = replace(EMPTY, at_least=repositories)
    report.say(
        f"flat: {large.services:,} services, {large.releases:,} ended releases, {large.largest:,} of one service; "
        f"beside {empty.services:,} and {empty.releases:,}, both in {repositories} repositories"
    )
    stores = [(shape, large_store(shape, cache, say=report.say)) for shape in (empty, large)]
    taken: dict[Shape, dict[tuple[str, str, int], list[float]]] = {shape: defaultdict(list) for shape, _ in stores}
    for _ in range(rounds):
        for shape, store in stores:
            for name, value, unit, at_once in in_folder(partial(_side, store, shape, releases), cache):
                taken[shape][name, unit, at_once].append(value)
    for key, values in taken[large].items():
        (name, unit, at_once), floor, rate = key, median(taken[empty][key]), key[1] == _RATE
        goal, better = (floor / _AT_MOST, "up") if rate else (floor * _AT_MOST, "down")
        report.runs(f"flat/{name}", values, unit, concurrency=at_once, floor=floor, goal=goal, better=better)


def _side(store: Path, shape: Shape, releases: int, folder: Path) -> list[Measured]:
    """Everything about one store."""
    copy_store(store, folder)
    outside = shape.outside()
    with hosted(folder, outside) as host:
        found = list(_transitions(host, outside, shape, releases))
        begin_and_wait(outside, Doors(host.app), [shape.key(index) for index in _WAITING])
        with closing(Asker(host.url, person(host.manager.key))) as asker:
            found += [(name, 1000 * _median(partial(asker.ask, "GET", path)), "ms", 1) for name, path in _READS.items()]
        due = [shape.key(index) for index in range(_DUE)]
        found += [("tick_idle", _median(lambda: _tick(host, []), times=5), "ms", 1)]
        found += [(f"tick_{_DUE}_due", _median(lambda: _tick(host, due), times=5), "ms", 1)]
    return [*found, ("reopen", 1000 * _reopen(folder, shape), "ms", 1)]


def _transitions(host: Hosted, outside: Quiet, shape: Shape, releases: int) -> Iterator[Measured]:
    for indices in ([_LARGEST], _TOGETHER):
        names = [shape.key(index).service for index in indices]
        story = Story(outside, Doors(host.app), names)
        story.tell(1)
        versions = max(1, releases // len(names))
        rate = _TRANSITIONS * versions * len(names) / story.tell(versions).seconds
        yield "transitions", rate, _RATE, len(names)


def _median(once: Callable[[], float], times: int = 40) -> float:
    """After three tries: what is asked for the first time is not what people wait for."""
    return median([once() for _ in range(3 + times)][3:])


def _tick(host: Hosted, due: list[ServiceKey]) -> float:
    at = host.app.now() - timedelta(seconds=1)
    for key in due:
        host.app.store.add_due(str(key), Due(at=at, what="bench"))
    return milliseconds(lambda: sweep(host.app))


def _reopen(folder: Path, shape: Shape) -> float:
    """From the start of a process to its first answer, after the one before it was killed in the middle of its work."""
    with HostProcess(folder, shape, first=_KILLED.start, begin=len(_KILLED)) as killed:
        killed.until("begun")
        killed.kill()
    with HostProcess(folder, shape) as again:
        url, key = again.until("listens").about.split(" ")
        with closing(Asker(url, person(key))) as asker:
            asker.ask("GET", f"{_LARGEST_PATH}{_OF}")
            return time.monotonic() - again.started
