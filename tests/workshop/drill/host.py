"""`python -m tests.workshop.drill.host FOLDER PASSES`: the local host as `up` starts it, with a fuse around what it is made of."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.asked_to_stop import AskedToStop
from infra.local.folder import Folder
from infra.local.machine import Machine
from infra.local.sample import REPOSITORY
from tests.workshop.drill.boundaries import START, Death, Work
from tests.workshop.drill.fuse import HostFuse
from tests.workshop.drill.wrappers import (
    WatchedConnection,
    watched_app,
    watched_functions,
    watched_receiver,
    watched_registry,
)

if TYPE_CHECKING:
    from azure.functions import FunctionApp

    from shared.app.parts import App
    from shared.bootstrap import Database
    from shared.ports.queues import QueueReceiver


class DrilledMachine(Machine):
    """A machine that can die at a boundary. `arrange` may put more around the ports, below the fuse."""

    fuse: HostFuse

    def arrange(self, app: App) -> App:
        """Return the application that is watched."""
        return app

    def outfit(self, functions: FunctionApp, database: Database) -> tuple[FunctionApp, QueueReceiver]:
        """See Machine."""
        from shared import bootstrap
        from shared.adapters.sqlite import SqliteDatabase

        if not isinstance(database, SqliteDatabase):
            raise TypeError("the drill counts what reaches a disk; run it on a SQLite file")
        app = bootstrap.build(
            bootstrap.settings(),
            database,
            now=bootstrap.utc_now,
            around=lambda own: watched_registry(own, self.fuse),
        )
        bootstrap.use(watched_app(self.arrange(app), self.fuse))
        database.watch(lambda connection: WatchedConnection(connection, self.fuse))
        self.fuse.begin(Work(START, START))
        return watched_functions(functions, self.fuse), watched_receiver(database.queues, self.fuse)


def main(machine: type[DrilledMachine] = DrilledMachine) -> int:
    """Serve until told to stop, until death, or until whoever started it is gone."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("passes", type=Path)
    parser.add_argument("--life", type=int, default=1)
    parser.add_argument("--die", type=Death.decode)
    given = parser.parse_args()
    logging.basicConfig(
        level=os.environ.get("SLIPWAY_LOG", "INFO"), format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    folder, parent = Folder(given.folder), os.getppid()
    made = machine(folder, repository=REPOSITORY, source=folder.origin)
    made.fuse = HostFuse(given.passes, given.life, given.die)
    with AskedToStop() as stop, made:
        while not stop.wait(1.0) and os.getppid() == parent:
            pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
