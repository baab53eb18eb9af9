"""How long after `kill -9` of a host releases that were under way go on, with an account that outlives it, as Azure's would."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from infra.local.azurite.launcher import Azurite
from shared.adapters.azure_storage import AzureStorage
from shared.app.inspect_push import inspect_push
from shared.bootstrap import utc_now
from shared.domain.events import PushReceived
from tests.workshop.bench import recovery
from tests.workshop.bench.figures import Report
from tests.workshop.bench.recovery import Recovered
from tests.workshop.bench.shape import Shape
from tests.workshop.bench.source import MAIN
from tests.workshop.bench.throughput import in_folder
from tests.workshop.bench.wiring import REPOSITORY, Quiet, wire


def measure(report: Report, *, at_once: int = 200, runs: int = 3) -> None:
    """So many releases at a time, of as many services."""
    report.say(f"Azurite: kill -9 of the host with {at_once} releases under way")
    shape = Shape(at_once, 0, 0)
    found = [in_folder(partial(_recover, shape)) for _ in range(runs)]
    recovery.add(report, at_once, found, store="azurite/")


def _recover(shape: Shape, folder: Path) -> Recovered:
    with Azurite() as azurite:
        storage = AzureStorage.of_connection(azurite.connection, utc_now)
        app = wire(storage, Quiet(shape.source()), folder / "scratch")
        inspect_push(app, PushReceived(id="configuration", repository=REPOSITORY, ref=MAIN))
        storage.close()
        return recovery.recover(folder, shape, azurite.connection)
