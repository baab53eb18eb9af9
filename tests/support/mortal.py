"""What dies at a moment that was planned, and is started again over what it had written down.

A harness of crashes runs something until here, has it die, starts it again, and compares where all of it ends. What all of
them need is here: calls that lie between two boundaries, processes that are killed with what they started, and ends compared.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from tests.support.tree import ROOT

S = TypeVar("S")


class Boundaries(ABC, Generic[S]):
    """What is told of every boundary that is passed, and has whoever passes it die at the one that was planned."""

    @abstractmethod
    def cross(self, where: S) -> None:
        """Pass a boundary, or die there."""

    @contextlib.contextmanager
    def around(self, before: S | None, after: S) -> Iterator[None]:
        """Pass a boundary before and one after a call; a call that raises has no after."""
        if before is not None:
            self.cross(before)
        yield
        self.cross(after)


class Watched(Generic[S]):
    """Anything, some of whose calls lie between two boundaries: within what `between` returns of a call's step and its arguments."""

    def __init__(
        self,
        wrapped: Any,
        steps: Mapping[str, S],
        between: Callable[[S, Sequence[Any]], tuple[AbstractContextManager[object], Sequence[Any]]],
    ) -> None:
        self._wrapped, self._steps, self._between = wrapped, steps, between

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._wrapped, name)
        if name not in self._steps:
            return found

        @functools.wraps(found)
        def call(*arguments: Any, **keywords: Any) -> Any:
            boundaries, given = self._between(self._steps[name], arguments)
            with boundaries:
                return found(*given, **keywords)

        return call


class MortalProcess:
    """A program in a session of its own, to be killed and started again; `left_over` are processes that outlived it.

    `command` is asked for the program of each life, the first, second and so on. Ends with the `with` block, however that ends.
    """

    children_end, stops = 60.0, 300.0  # seconds that these may take

    def __init__(
        self, log: Path, command: Callable[[int], Sequence[str]], *, environment: Mapping[str, str] | None = None
    ) -> None:
        self.log, self._command, self._environment, self._lives = log, command, environment, 0
        self._process: subprocess.Popen[bytes] | None = None
        self.left_over: list[int] = []

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The present life."""
        assert self._process is not None
        return self._process

    def start(self) -> None:
        """Start it, the first time or again; it listens some time later."""
        self._lives += 1
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(self._lives),
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Kill -9 it as if the power had gone, and see what outlives it for more than a moment."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=60)
        self.bury()

    def bury(self) -> None:
        """Look for what outlives it."""
        end = time.monotonic() + self.children_end
        while (found := processes_of(self.process.pid)) and time.monotonic() < end:
            time.sleep(0.02)
        self.left_over += found

    def stop(self) -> int:
        """Ask it to stop, as Ctrl-C does, and return its exit code; what runs may finish, a chart that never ends too."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=self.stops)

    def end(self) -> None:
        """Leave nothing that runs, whatever state it is in."""
        # It leads its session, and so the group that a kill reaches.
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()


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


def differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What did not end as it should, with both."""
    keys = sorted(wanted.keys() | found.keys())
    return {key: (wanted.get(key), found.get(key)) for key in keys if wanted.get(key) != found.get(key)}
