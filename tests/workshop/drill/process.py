"""A host in a process of its own, which is started again whenever it dies."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from infra.local.folder import Folder
from tests.support.mortal import MortalProcess
from tests.workshop.drill.boundaries import Death

HOST = "tests.workshop.drill.host"


class MortalHost(MortalProcess):
    """Runs a host below a folder, with its log and what it passed below `notes`; each life has its plan to die, later ones have none. `between` comes after a death, before the next start."""

    children_end, stops = 10.0, 60.0

    def __init__(
        self,
        folder: Folder,
        notes: Path,
        *,
        deaths: Sequence[Death] = (),
        module: str = HOST,
        between: Callable[[Folder], None] | None = None,
    ) -> None:
        self.folder, self._module, self._between = folder, module, between
        self.passes, self._plans = notes / "passes.jsonl", deaths
        self.deaths, self.trouble, self._stop = 0, "", threading.Event()
        super().__init__(notes / "host.log", self._program)
        self._watch = threading.Thread(target=self._follow, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{json.loads((self.folder.root / 'host.json').read_text())['port']}"

    @property
    def alive(self) -> bool:
        """Whether the present life goes on."""
        return self.process.poll() is None

    def kill(self) -> None:
        """Kill -9 it now; it is started again."""
        deaths = self.deaths
        self.process.send_signal(signal.SIGKILL)
        while self.deaths == deaths and not self.trouble:
            time.sleep(0.01)

    def stop(self) -> int:
        """See MortalProcess."""
        self._stop.set()
        try:
            return super().stop()
        finally:
            self.end()

    def end(self) -> None:
        """See MortalProcess."""
        self._stop.set()
        super().end()
        self._watch.join()

    def __enter__(self) -> Self:
        super().__enter__()
        self._watch.start()
        return self

    def _program(self, life: int) -> Sequence[str]:
        plan = [word for death in self._plans[life - 1 : life] for word in ("--die", death.encode())]
        where = [str(self.folder.root), str(self.passes)]
        return [sys.executable, "-m", self._module, *where, "--life", str(life), *plan]

    def _follow(self) -> None:
        while True:
            code = self.process.wait()
            if self._stop.is_set():
                return
            if code != -signal.SIGKILL:
                self.trouble = f"the host ended by itself with {code}; see {self.log}"
                return
            self.bury()
            if self._between is not None:
                self._between(self.folder)
            if self._stop.is_set():
                return
            self.start()
            self.deaths += 1
