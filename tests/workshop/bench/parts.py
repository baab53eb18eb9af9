"""Parts by themselves: the disk under everything, a hook's answer, and charts that are rendered in a process of their own."""

from __future__ import annotations

import os
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from infra.local.sample import SAMPLE
from shared.adapters.helm_charts import HelmCharts
from shared.adapters.helm_charts.children import Children
from shared.ports.chart_limits import ChartLimits
from tests.support.outside_source import MAIN
from tests.workshop.bench.callers import Callers
from tests.workshop.bench.figures import Report, in_folder, milliseconds, percentile
from tests.workshop.bench.outside import Quiet, Shape
from tests.workshop.bench.story import push
from tests.workshop.bench.world import ECHO, ENGINE, FUNCTIONS, configure, hosted

_PAGE, _PAGES = 4096, 400
_WARM_UP = 20
_ABOVE_ECHO = 1.0  # ms
_MORE_AT_MOST, _COLD_AT_MOST = 30.0, 1000.0  # ms, for a warm child and a cold one


def disk(report: Report, *, flushes: int) -> None:
    """Write over pages of a file, each followed by a flush, as a log does that goes round: how long it takes to keep a page for good."""
    report.say("the disk alone")
    report.percentiles("disk/flush", in_folder(partial(_flush, flushes)))


def _flush(flushes: int, folder: Path) -> list[float]:
    with open(folder / "pages", "wb+") as pages:
        file = pages.fileno()
        os.pwrite(file, bytes(_PAGE * _PAGES), 0)
        os.fsync(file)

        def once(number: int) -> None:
            os.pwrite(file, os.urandom(_PAGE), number % _PAGES * _PAGE)
            os.fdatasync(file)

        return [milliseconds(partial(once, number)) for number in range(flushes)]


def ack(report: Report, *, at_once: tuple[int, ...], requests: int) -> None:
    """How long the git hook waits for its answer, beside an echo on the same host, with so many callers at once."""
    for connections in at_once:
        report.say(f"answering {connections} callers")
        echo, hook = (in_folder(partial(_answers, path, connections, requests)) for path in (ECHO, ""))
        goal = percentile(echo, 50) + _ABOVE_ECHO if connections == 1 else None
        report.percentiles("ack", hook, echo, goal_50=goal, concurrency=connections)


def _answers(path: str, connections: int, requests: int, folder: Path) -> list[float]:
    """Post pushes as a repository's hook tells of them, each with an id of its own, to the hook's door or elsewhere; return milliseconds."""
    with hosted(folder, Quiet(Shape(1)), kind=ENGINE if path == ECHO else FUNCTIONS) as host:
        configure(host.app)
        callers, warm, run = Callers(host.url, connections), _WARM_UP * connections, time.time_ns()
        for nth in range(warm + requests):
            door, body, headers = push(f"{run:x}-{nth}", MAIN, "")
            callers.post(path or door, body, headers)
        return [1000 * one for one in callers.took()[warm:]]


def charts(report: Report, *, renders: int, starts: int) -> None:
    """Render the sample's chart here, by a warm child, and by one that has to be started."""
    report.say("charts: rendered in this process, by a warm child, by a cold one")
    here, warm, cold = in_folder(partial(_rendered, renders, starts))
    goal = percentile(here, 50) + _MORE_AT_MOST
    report.percentiles("charts/warm", warm, here, goal_50=goal, goal_99=goal)
    report.add("charts/cold", cold, "ms", goal=_COLD_AT_MOST)


def _rendered(renders: int, starts: int, folder: Path) -> tuple[list[float], list[float], list[float]]:
    from shared.adapters.helm_child import jobs

    package = str(HelmCharts().package(SAMPLE / "charts/delivery", version="1.0.2", app_version="v1.0.2", into=folder))
    job: dict[str, Any] = {"chart": package, "values": (), "settings": (), "name": "delivery", "namespace": "qa"}
    here = [milliseconds(partial(jobs.render, package, (), (), "delivery", "qa")) for _ in range(renders)]
    cold = []
    with closing(Children(ChartLimits(renders=renders + 2))) as children:
        render = partial(children.ask, "rendering", "render", **job)
        render()
        warm = [milliseconds(render) for _ in range(renders)]
        for _ in range(starts):
            children.close()
            cold.append(milliseconds(render))
    return here, warm, cold
