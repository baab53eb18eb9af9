"""What it costs that charts are rendered in a process of their own, beside rendering them in this one."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from infra.local.sample import SAMPLE
from shared.adapters.helm_charts import HelmCharts
from shared.adapters.helm_charts.children import Children
from shared.ports.chart import ChartLimits
from tests.workshop.bench.figures import Figure, Report, percentile
from tests.workshop.bench.throughput import in_folder

_CHART = SAMPLE / "charts/delivery"
_MORE_AT_MOST = 30.0  # milliseconds, for a warm child
_COLD_AT_MOST = 1000.0


def measure(report: Report, *, renders: int, starts: int) -> None:
    """Render the sample's chart here, by a warm child, and by one that has to be started."""
    report.say("charts: rendered in this process, by a warm child, by a cold one")
    here, warm, cold = in_folder(partial(_took, renders, starts))
    floor = percentile(here, 50)
    for percent in (50, 99):
        alone = percentile(here, percent)
        report.add(
            Figure(
                name=f"charts/warm_p{percent}",
                value=percentile(warm, percent),
                unit="ms",
                floor=alone,
                goal=floor + _MORE_AT_MOST,
                better="down",
            )
        )
    report.add(
        Figure(
            name="charts/cold",
            value=percentile(cold, 50),
            unit="ms",
            goal=_COLD_AT_MOST,
            better="down",
            runs=tuple(cold),
        )
    )


def _took(renders: int, starts: int, folder: Path) -> tuple[list[float], list[float], list[float]]:
    from shared.adapters.helm_child import jobs

    package = str(HelmCharts().package(_CHART, version="1.0.2", app_version="v1.0.2", into=folder))
    job: dict[str, Any] = {"chart": package, "values": (), "settings": (), "name": "delivery", "namespace": "qa"}
    here = [_milliseconds(partial(jobs.render, package, (), (), "delivery", "qa")) for _ in range(renders)]
    children = Children(ChartLimits(renders=renders + 2))
    try:
        render = partial(children.ask, "rendering", "render", **job)
        render()
        warm = [_milliseconds(render) for _ in range(renders)]
        cold = []
        for _ in range(starts):
            children.close()
            cold.append(_milliseconds(render))
    finally:
        children.close()
    return here, warm, cold


def _milliseconds(work: Callable[[], object]) -> float:
    before = time.perf_counter()
    work()
    return (time.perf_counter() - before) * 1000
