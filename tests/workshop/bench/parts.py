"""Parts by themselves: the disk under everything, a hook's answer, and charts that are rendered in a process of their own."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from infra.local.sample import SAMPLE
from shared.adapters.helm_charts import HelmCharts
from shared.adapters.helm_charts.children import Children
from shared.adapters.sqlite import SqliteDatabase
from shared.bootstrap import utc_now
from shared.ports.chart_limits import ChartLimits
from tests.workshop.bench import callers
from tests.workshop.bench.figures import Report, in_folder, milliseconds, percentile
from tests.workshop.bench.world import REPOSITORY, configure, echo, hosted, local_host, names_of, quiet

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
        echo = in_folder(partial(_echo, connections, requests))
        hook = in_folder(partial(_hook, connections, requests))
        goals = {50: percentile(echo, 50) + _ABOVE_ECHO} if connections == 1 else {}
        report.percentiles("ack", hook, echo, goals=goals, concurrency=connections)


def _hook(connections: int, requests: int, folder: Path) -> list[float]:
    with hosted(folder, quiet(names_of(1))) as host:
        configure(host.app)
        return _probe(host.url, "/api/hooks/git", {"X-Slipway-Secret": host.secret}, connections, requests)


def _echo(connections: int, requests: int, folder: Path) -> list[float]:
    with closing(SqliteDatabase(folder / "slipway.db", utc_now)) as database:
        with local_host(echo(), database.queues, folder) as host:
            return _probe(host.url, "/echo", {}, connections, requests)


def _probe(url: str, path: str, headers: Mapping[str, str], connections: int, requests: int) -> list[float]:
    """Post pushes as a repository's hook tells of them, each with an id of its own; return milliseconds."""
    refs, run, warm = (
        [{"ref": "refs/heads/main", "before": "0" * 40, "after": ""}],
        time.time_ns(),
        _WARM_UP * connections,
    )
    lines = [
        callers.request(
            path, headers, {"id": f"{run:x}-{nth}", "repository": REPOSITORY, "refs": refs, "pusher": {"name": "Ada"}}
        )
        for nth in range(warm + requests)
    ]
    answers, _ = callers.start(url, connections).communicate("".join(lines))
    return [1000 * one for one in json.loads(answers)[warm:]]


def charts(report: Report, *, renders: int, starts: int) -> None:
    """Render the sample's chart here, by a warm child, and by one that has to be started."""
    report.say("charts: rendered in this process, by a warm child, by a cold one")
    here, warm, cold = in_folder(partial(_rendered, renders, starts))
    goal = percentile(here, 50) + _MORE_AT_MOST
    report.percentiles("charts/warm", warm, here, goals={50: goal, 99: goal})
    report.runs("charts/cold", cold, "ms", goal=_COLD_AT_MOST)


def _rendered(renders: int, starts: int, folder: Path) -> tuple[list[float], list[float], list[float]]:
    from shared.adapters.helm_child import jobs

    package = str(HelmCharts().package(SAMPLE / "charts/delivery", version="1.0.2", app_version="v1.0.2", into=folder))
    job: dict[str, Any] = {"chart": package, "values": (), "settings": (), "name": "delivery", "namespace": "qa"}
    here = [milliseconds(partial(jobs.render, package, (), (), "delivery", "qa")) for _ in range(renders)]
    children, cold = Children(ChartLimits(renders=renders + 2)), []
    try:
        render = partial(children.ask, "rendering", "render", **job)
        render()
        warm = [milliseconds(render) for _ in range(renders)]
        for _ in range(starts):
            children.close()
            cold.append(milliseconds(render))
    finally:
        children.close()
    return here, warm, cold
