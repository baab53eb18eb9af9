"""A host in a process of its own, which is started again whenever it dies."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from infra.local.folder import Folder
from infra.local.machine import ROOT
from tests.workshop.drill.boundaries import Death

HOST = "tests.workshop.drill.host"
_CHILDREN_END = 10.0
_STOPS = 60.0


class MortalHost:
    """Runs a host below a folder, with its log and what it passed below `notes`; each life has its plan to die, later ones have none. `between` comes after a death, before the next start."""

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
        self.log, self.passes = notes / "host.log", notes / "passes.jsonl"
        self._deaths = deaths
        self.deaths = 0
        self.left_over: list[int] = []
        self.trouble = ""
        self._stop = threading.Event()
        self._lives = 0
        self._process = self._start()
        self._watch = threading.Thread(target=self._follow, daemon=True)
        self._watch.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{json.loads((self.folder.root / 'host.json').read_text())['port']}"

    @property
    def alive(self) -> bool:
        """Whether the present life goes on."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Kill -9 it now; it is started again."""
        deaths = self.deaths
        self._process.send_signal(signal.SIGKILL)
        while self.deaths == deaths and not self.trouble:
            time.sleep(0.01)

    def stop(self) -> int:
        """Ask it to stop, as Ctrl-C does, and return its exit code."""
        self._stop.set()
        self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(timeout=_STOPS)
        finally:
            self.end()

    def end(self) -> None:
        """Leave nothing that runs, whatever state it is in."""
        self._stop.set()
        # It leads its session, and so the group that a kill reaches.
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        self._watch.join()

    def __enter__(self) -> MortalHost:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def _start(self) -> subprocess.Popen[bytes]:
        self._lives += 1
        plans = self._deaths[self._lives - 1 : self._lives]
        plan = [word for death in plans for word in ("--die", death.encode())]
        where = [str(self.folder.root), str(self.passes)]
        command = [sys.executable, "-m", self._module, *where, "--life", str(self._lives), *plan]
        with self.log.open("ab") as log:
            return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)

    def _follow(self) -> None:
        while True:
            code = self._process.wait()
            if self._stop.is_set():
                return
            if code != -signal.SIGKILL:
                self.trouble = f"the host ended by itself with {code}; see {self.log}"
                return
            self.left_over += _still_there(self._process.pid)
            if self._between is not None:
                self._between(self.folder)
            if self._stop.is_set():
                return
            self._process = self._start()
            self.deaths += 1


def _still_there(session: int) -> Sequence[int]:
    """Children that outlive their host for more than a moment."""
    end = time.monotonic() + _CHILDREN_END
    while (found := processes_of(session)) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def processes_of(session: int) -> list[int]:
    """Every process that is still in the session that a host began."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                if os.getsid(int(entry.name)) == session:
                    found.append(int(entry.name))
            except (ProcessLookupError, PermissionError):
                continue
    return found
