"""The same with ten thousand services and a million releases that ended as with a store that is nearly empty."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from shared.app.sweep import sweep
from shared.domain.names import ServiceKey
from shared.ports.store import Due
from tests.workshop.bench.asking import Asker
from tests.workshop.bench.driver import QueueDoors, Story
from tests.workshop.bench.figures import Figure, Report, median_of
from tests.workshop.bench.generator import CACHE, copy_store, large_store
from tests.workshop.bench.killing import host_process
from tests.workshop.bench.recovery import MOMENT
from tests.workshop.bench.shape import Shape
from tests.workshop.bench.waiting import VERSION, begin_and_wait
from tests.workshop.bench.wiring import REPOSITORY, Hosted, Quiet, hosted, quiet

EMPTY = Shape(100, 2_000, 20)  # enough that each page and each record is full
LARGE = Shape(10_000, 1_000_000, 100_000)
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


@dataclass(frozen=True, slots=True)
class Measured:
    """One value of one store."""

    name: str
    value: float
    unit: str = "ms"
    concurrency: int = 1
    better: str = "down"


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
    taken: dict[Shape, dict[Measured, list[float]]] = {shape: defaultdict(list) for shape, _ in stores}
    for _ in range(rounds):
        for shape, store in stores:
            with TemporaryDirectory(dir=cache) as name:
                copy_store(store, Path(name))
                for one in _side(Path(name), shape, releases):
                    taken[shape][replace(one, value=0.0)].append(one.value)
    for key, values in taken[large].items():
        floor, up = median_of(taken[empty][key]), key.better == "up"
        report.add(
            Figure(
                name=f"flat/{key.name}",
                value=median_of(values),
                unit=key.unit,
                concurrency=key.concurrency,
                floor=floor,
                goal=floor / _AT_MOST if up else floor * _AT_MOST,
                better=key.better,
                runs=tuple(values),
            )
        )


def _side(folder: Path, shape: Shape, releases: int) -> Iterator[Measured]:
    """Everything about one store."""
    outside = replace(quiet([]), source=shape.source(), deployer=shape.deployer())
    with hosted(folder, outside) as host:
        yield from _transitions(host, outside, shape, releases)
        begin_and_wait(outside, QueueDoors(host.app), [shape.key(index) for index in _WAITING])
        with closing(Asker(host.url, host.manager.key)) as asker:
            for name, path in _READS.items():
                yield Measured(name, 1000 * _median(partial(asker.get, path)))
        yield Measured("tick_idle", 1000 * _median(lambda: _tick(host, []), times=5))
        due = [shape.key(index) for index in range(_DUE)]
        yield Measured(f"tick_{_DUE}_due", 1000 * _median(lambda: _tick(host, due), times=5))
    yield Measured("reopen", 1000 * _reopen(folder, shape))


def _transitions(host: Hosted, outside: Quiet, shape: Shape, releases: int) -> Iterator[Measured]:
    for indices in ([_LARGEST], _TOGETHER):
        names = [shape.key(index).service for index in indices]
        story = Story(outside, QueueDoors(host.app), names)
        story.tell(1)
        versions = max(1, releases // len(names))
        told = story.tell(versions)
        rate = _TRANSITIONS * versions * len(names) / told.seconds
        yield Measured("transitions", rate, unit="transitions/s", concurrency=len(names), better="up")


def _median(once: Callable[[], float], times: int = 40) -> float:
    """After three tries: what is asked for the first time is not what people wait for."""
    for _ in range(3):
        once()
    return median_of([once() for _ in range(times)])


def _tick(host: Hosted, due: list[ServiceKey]) -> float:
    at = host.app.now() - timedelta(seconds=1)
    for key in due:
        host.app.store.add_due(str(key), Due(at=at, what="bench"))
    began = time.perf_counter()
    sweep(host.app)
    return time.perf_counter() - began


def _reopen(folder: Path, shape: Shape) -> float:
    """From the start of a process to its first answer, after the one before it was killed in the middle of its work."""
    with host_process(folder, shape, first=_KILLED.start, begin=len(_KILLED), moment=MOMENT) as killed:
        killed.until("begun")
        killed.kill()
    with host_process(folder, shape, moment=MOMENT) as again:
        url, key = again.until("listens").about.split(" ")
        with closing(Asker(url, key)) as asker:
            asker.get(f"{_LARGEST_PATH}{_OF}")
            return time.monotonic() - again.started
