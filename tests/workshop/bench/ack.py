"""How long a web hook waits for its answer, beside an empty function on the same host."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import azure.functions as func

from shared.app.inspect_push import inspect_push
from shared.domain.events import PushReceived
from tests.workshop.bench.figures import Figure, Report, percentile
from tests.workshop.bench.source import MAIN, names_of
from tests.workshop.bench.throughput import in_folder
from tests.workshop.bench.wiring import REPOSITORY, hosted, quiet, running

_JSON = {"Content-Type": "application/json"}
_ABOVE_ECHO = 1.0  # ms


def measure(report: Report, *, at_once: tuple[int, ...], requests: int) -> None:
    """Probe the git hook and an echo, with so many callers at once."""
    for callers in at_once:
        report.say(f"answering {callers} callers")
        echo = in_folder(partial(_echo, callers, requests))
        hook = in_folder(partial(_hook, callers, requests))
        for percent in (50, 99):
            floor, value = (percentile(one, percent) * 1000 for one in (echo, hook))
            goal = floor + _ABOVE_ECHO if (percent, callers) == (50, 1) else None
            name = f"ack_p{percent}"
            report.add(
                Figure(name=name, concurrency=callers, value=value, unit="ms", floor=floor, goal=goal, better="down")
            )


def _hook(callers: int, requests: int, folder: Path) -> list[float]:
    outside = quiet(names_of(1))
    with hosted(folder, outside) as host:
        inspect_push(host.app, PushReceived(id="configuration", repository=REPOSITORY, ref=MAIN))
        return _probe(host.url, "/api/hooks/git", {**_JSON, "X-Slipway-Secret": host.secret}, callers, requests)


def _echo(callers: int, requests: int, folder: Path) -> list[float]:
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

    @app.route(route="echo", methods=["POST"])
    def echo(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(req.get_body(), status_code=202)

    with running(app, folder) as url:
        return _probe(url, "/echo", _JSON, callers, requests)


def _probe(url: str, path: str, headers: Mapping[str, str], callers: int, requests: int) -> list[float]:
    command = [sys.executable, "-m", "tests.workshop.bench.prober", url, path, json.dumps(headers), str(callers)]
    done = subprocess.run([*command, str(requests)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the prober failed: {done.stderr.strip()}")
    found: list[float] = json.loads(done.stdout)
    return found
