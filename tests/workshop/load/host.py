"""The host under load: a whole local host, but for builds, which report at once. `python -m tests.workshop.load.host <folder>`."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from infra.local.asked_to_stop import AskedToStop
from infra.local.folder import Folder
from infra.local.machine import Machine
from shared.app.parts import App
from shared.ports.builder import BuildHandle, BuildOrder, BuildOutcome, BuildResult, TestCounts
from tests.support.wiring import around_ports
from tests.workshop.load.monorepo import REPOSITORY

READY = "ready"


class AtOnce:
    """Stands where builds are, the one thing that is slow by nature: no process is run, and nothing is pushed.

    A branch's tests pass; a release's fail, so that it ends and its branch may be pushed to again.
    """

    def build(self, order: BuildOrder, handle: BuildHandle) -> BuildResult:
        """See Builder."""
        if order.version is None:
            counts = TestCounts(passed=1, failed=0, skipped=0)
            return BuildResult(outcome=BuildOutcome.SUCCEEDED, reason="", tests=counts)
        counts = TestCounts(passed=0, failed=1, skipped=0)
        return BuildResult(outcome=BuildOutcome.FAILED, reason="1 unit test failed", tests=counts)

    def cancel(self, order_id: str, handle: BuildHandle) -> None:
        """See Builder."""


def without_builds(app: App) -> App:
    """Put AtOnce in the builder's place."""
    return around_ports(app, lambda name, port: AtOnce() if name == "builder" else port)


def main(root: Path) -> None:
    """Serve until told to stop, or until whoever started this is gone."""
    folder = Folder(root)
    with AskedToStop() as stop:
        threading.Thread(target=_stop_with_parent, args=(stop,), daemon=True).start()
        with Machine(folder, repository=REPOSITORY, source=folder.origin, port=0, change=without_builds):
            print(READY, flush=True)
            stop.wait()


def _stop_with_parent(stop: AskedToStop) -> None:
    # It holds the other end and writes nothing: what is read ends with it.
    sys.stdin.read()
    stop.ask()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
