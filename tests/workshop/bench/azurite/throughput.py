"""Transitions a second on Azurite, beside the same requests without Slipway, and what a release asks of an account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from infra.local.azurite.launcher import Azurite
from shared.adapters.azure_storage import AzureStorage
from shared.bootstrap import utc_now
from tests.workshop.azurite import calls
from tests.workshop.azurite.proxy import StorageProxy
from tests.workshop.bench.azurite import floor
from tests.workshop.bench.azurite.recorder import Recorder
from tests.workshop.bench.azurite.running import Ran, run
from tests.workshop.bench.figures import Figure, Report, median_of, percentile
from tests.workshop.bench.throughput import ENGINE, FUNCTIONS, in_folder

_PART_OF_FLOOR = 0.6  # the goal


def measure(report: Report, *, at_once: tuple[int, ...], releases: int, runs: int = 3) -> None:
    """So many runs with so many releases at a time, each beside the floor of the same minute."""
    for services in at_once:
        versions = max(3, releases // services)
        report.say(f"Azurite: {services} releases at a time, {services * versions} in a run")
        found: dict[str, list[Ran]] = {ENGINE: [], FUNCTIONS: []}
        floors: list[float] = []
        for _ in range(runs):
            for kind, made in found.items():
                made.append(in_folder(partial(_run, kind, services, versions)))
            floors.append(in_folder(partial(_floor, services, versions)))
        for kind, made in found.items():
            _add(report, kind, services, made, median_of(floors))


def operations(report: Report, *, releases: int) -> None:
    """Count through a proxy what each of some releases with two environments asks of an account, by kind."""
    report.say(f"Azurite: requests of a release, counted over {releases}")
    found: Counter[str] = Counter()

    def counted(folder: Path) -> None:
        with Azurite() as azurite:
            proxy = StorageProxy(azurite.connection)
            storage = AzureStorage.of_connection(proxy.connection, utc_now)
            run(
                FUNCTIONS,
                storage,
                1,
                releases,
                folder,
                mark=proxy.clear,
                done=lambda: found.update(calls.counted(proxy.calls)),
            )
            proxy.close()

    in_folder(counted)
    for name, number in sorted(found.items()):
        own = "the host's own" if name.partition(" ")[2] in calls.HOST else ""
        report.add(Figure(name=f"azurite/{name}", value=number / releases, unit="1/release", better="down", note=own))
    ours = calls.ours(found) / releases
    report.add(Figure(name="azurite/operations", value=ours, unit="1/release", goal=80, better="down"))


def _run(kind: str, services: int, versions: int, folder: Path) -> Ran:
    with Azurite() as azurite:
        return run(kind, AzureStorage.of_connection(azurite.connection, utc_now), services, versions, folder)


def _floor(services: int, versions: int, folder: Path) -> float:
    """Record what a run of the engine asks for, ask for the same again, and return transitions a second."""
    recorder, marks = Recorder(), list[int]()

    def mark() -> None:
        marks.append(len(recorder.requests))

    with Azurite() as azurite:
        ran = run(ENGINE, recorder.storage(azurite.connection), services, versions, folder, mark=mark, done=mark)
    warm, end = marks
    return ran.transitions / floor.seconds(recorder.requests[:warm], recorder.requests[warm:end], services)


def _add(report: Report, kind: str, services: int, runs: list[Ran], bare: float) -> None:
    def figure(name: str, of: Callable[[Ran], float], unit: str, **more: Any) -> Figure:
        values = tuple(of(one) for one in runs)
        name = f"azurite/{name}/{kind}"
        return Figure(name=name, concurrency=services, value=median_of(values), runs=values, unit=unit, **more)

    rate = median_of([one.rate for one in runs])
    report.add(
        figure(
            "transitions",
            lambda one: one.rate,
            "1/s",
            floor=bare,
            goal=bare * _PART_OF_FLOOR,
            note=f"{rate / bare:.0%} of it",
        ),
        figure("release_p50", lambda one: percentile(one.told.each, 50) * 1000, "ms", better="down"),
        figure("release_p99", lambda one: percentile(one.told.each, 99) * 1000, "ms", better="down"),
        figure("cpu", lambda one: one.cpu / one.transitions * 1e3, "ms/transition", better="down"),
    )
