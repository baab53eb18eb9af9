"""A client of Helm in a thread of its own, to be stopped, woken and killed at a moment of a test's choice."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from shared.ports.applier import DeployReport
from tests.support.helm.shop import Shop
from tests.support.host import wait_until


class Client:
    """Does something with the applier of a shop; `outcome` is what it returned, or raised."""

    def __init__(self, shop: Shop, act: Callable[[], DeployReport]) -> None:
        self._shop, self._act = shop, act
        self.outcome: DeployReport | BaseException | None = None
        self._before = set(children())
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Client:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pid in self._mine():
            os.kill(pid, signal.SIGKILL)
        self._thread.join(60)

    def until_child(self) -> int:
        """Wait for its child; return the pid."""
        wait_until(self._mine)
        return self._mine()[0]

    def until(self, status: str) -> None:
        """Wait until the newest revision has a status."""
        wait_until(lambda: self._shop.history()[-1:] and self._shop.history()[-1][1] == status)

    def kill(self) -> None:
        """Kill its child with -9, and wait for what becomes of the thread."""
        os.kill(self.until_child(), signal.SIGKILL)
        self.join()

    def stop(self) -> None:
        """Stop its child where it is."""
        os.kill(self.until_child(), signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on."""
        os.kill(self.until_child(), signal.SIGCONT)

    def join(self) -> None:
        """Wait for its end."""
        self._thread.join(90)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self.outcome = self._act()
        except BaseException as error:
            self.outcome = error

    def _mine(self) -> list[int]:
        return [pid for pid in children() if pid not in self._before]


def children(parent: int | None = None) -> list[int]:
    """Processes that are named helm and were started by this one, or another."""
    wanted = parent or os.getpid()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            of = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            name = (folder / "cmdline").read_bytes().split(b"\0")[0]
        except (OSError, ValueError, IndexError):
            continue
        if of == wanted and name.endswith(b"/helm"):
            found.append(int(folder.name))
    return found
