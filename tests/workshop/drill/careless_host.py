"""Hosts with a defect that only a crash shows, for a drill to find: `python -m tests.workshop.drill.careless_host`, as `CARELESS` says."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from shared.app.parts import App
from shared.ports.applier import Applier, DeployOrder, DeployReport
from shared.ports.store import Committed, Loaded, Store, Write
from tests.support.wiring import around_ports
from tests.workshop.drill.host import DrilledMachine, main


class ActsWithoutLooking:
    """An applier that does not find what it has done before, and does it once more."""

    def __init__(self, applier: Applier) -> None:
        self._applier = applier

    def __getattr__(self, name: str) -> Any:
        return getattr(self._applier, name)

    def apply(self, order: DeployOrder) -> DeployReport:
        """See Applier."""
        report = self._applier.apply(order)
        return self._applier.apply(replace(order, id=f"{order.id}-again")) if report.already else report


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
        if os.environ["CARELESS"] == "applier":
            return around_ports(app, lambda name, port: ActsWithoutLooking(port) if name == "applier" else port)
        return replace(app, store=cast(Store, LosesReports(app.store)))


if __name__ == "__main__":
    sys.exit(main(CarelessMachine))
