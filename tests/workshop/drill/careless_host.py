"""Hosts with a defect that only a crash shows, for a drill to find: `python -m tests.workshop.drill.careless_host`, as `CARELESS` says."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from shared.app.parts import App
from shared.ports.deployer import Deployer, DeployOrder, DeployReport
from shared.ports.store import Committed, Loaded, Store, Write
from tests.support.wiring import around_ports
from tests.workshop.drill.host import DrilledMachine, main


class ActsWithoutLooking:
    """A deployer that does not find what it has done before, and does it once more."""

    def __init__(self, deployer: Deployer) -> None:
        self._deployer = deployer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._deployer, name)

    def deploy(self, order: DeployOrder) -> DeployReport:
        """See Deployer."""
        report = self._deployer.deploy(order)
        return self._deployer.deploy(replace(order, id=f"{order.id}-again")) if report.already else report


class LosesReports:
    """A store that drops the report of a copy, as if it had been kept."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def transact(self, service: str, event_id: str, fn: Callable[[Loaded], Write | None], **more: Any) -> Committed:
        """See Store."""
        if ":retag:" in event_id:
            return self._store.transact(service, event_id, lambda loaded: fn(loaded) and None, **more)
        return self._store.transact(service, event_id, fn, **more)


class CarelessMachine(DrilledMachine):
    """Careless only after a crash."""

    def arrange(self, app: App) -> App:
        """See DrilledMachine."""
        if self.fuse.life == 1:
            return app
        if os.environ["CARELESS"] == "deployer":
            return around_ports(app, lambda name, port: ActsWithoutLooking(port) if name == "deployer" else port)
        return replace(app, store=cast(Store, LosesReports(app.store)))


if __name__ == "__main__":
    sys.exit(main(CarelessMachine))
