"""Starts a local host as a process of its own, hears what it says, and kills it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from infra.local.machine import ROOT
from tests.workshop.bench.shape import Shape

_PATIENCE = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A word that the host said, and when, by the clock that all processes share."""

    word: str
    at: float
    about: str


@dataclass(slots=True)
class HostProcess:
    """The process. `started` is the moment before it was made."""

    process: subprocess.Popen[str]
    started: float
    heard: list[Said] = field(default_factory=list)
    _lines: SimpleQueue[str] = field(default_factory=SimpleQueue)

    def next(self) -> Said:
        """Wait for the next word; raise RuntimeError where the process is silent or gone."""
        try:
            line = self._lines.get(timeout=_PATIENCE)
        except Empty:
            line = ""
        if not line:
            raise RuntimeError(f"the host said nothing more; it said {[one.word for one in self.heard[-5:]]}")
        word, at, about = line.rstrip("\n").split(" ", 2)
        said = Said(word=word, at=float(at), about=about)
        self.heard.append(said)
        return said

    def until(self, word: str) -> Said:
        """Wait for a word, said already or not."""
        for one in self.heard:
            if one.word == word:
                return one
        while (said := self.next()).word != word:
            pass
        return said

    def kill(self) -> None:
        """End it as a crash would, and take in what it had said."""
        self.process.kill()
        self.process.wait()
        for line in iter(self._lines.get, ""):
            word, at, *about = line.rstrip("\n").split(" ", 2)
            self.heard.append(Said(word=word, at=float(at), about=about[0] if about else ""))

    def listen(self) -> None:
        """Collect its lines, an empty one at the end."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")


@contextmanager
def host_process(
    folder: Path, shape: Shape, *, first: int = 0, begin: int = 0, moment: float = 0.0, connection: str = ""
) -> Iterator[HostProcess]:
    """Run a host on the folder's store, or on an account; see child."""
    numbers = f"{shape.services},{shape.releases},{shape.largest}"
    command = [
        sys.executable,
        "-m",
        "tests.workshop.bench.child",
        str(folder),
        numbers,
        *map(str, (first, begin, moment)),
    ]
    command += [connection] if connection else []
    # As where people run it: what was compiled once is not compiled at the next start.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(folder.parent / "compiled")
    started = time.monotonic()
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    made = HostProcess(process, started)
    listener = Thread(target=made.listen, daemon=True)
    listener.start()
    try:
        yield made
    finally:
        process.kill()
        process.wait()
        listener.join()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
