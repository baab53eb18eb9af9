"""A process of xdist that dies ends the run at once, with the test that it was in and the stacks of its threads.

Left to itself, xdist starts another one, and with its groups the run then waits for ever: what the dead process was given
is handed out again as nothing at all (pytest-xdist #1327, #1378).
"""

from __future__ import annotations

import faulthandler
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.run import processes
from tests.support.run.notes import FOLDER, pid_of

_OURS = "slipway-crashes"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Have nothing started in the place of what died; xdist reads this when it begins."""
    if getattr(config.option, "numprocesses", None):
        config.option.maxworkerrestart = "0"
        config.pluginmanager.register(_Controller(), _OURS)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Keep a note in each process of xdist. By now pytest has set up its own faulthandler, which writes among other output."""
    given: Any = getattr(session.config, "workerinput", None)
    if given:
        session.config.pluginmanager.register(_Note(given["testrunuid"], given["workerid"]), _OURS)


class _Note:
    """A file with the name of the test that runs; where the process dies, faulthandler writes its stacks below."""

    def __init__(self, run: str, worker: str) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        self._path = FOLDER / f"{run}-{worker}-{os.getpid()}"
        self._file = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        faulthandler.enable(self._file)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Name the test."""
        os.ftruncate(self._file, 0)
        os.write(self._file, f"{nodeid}\n".encode())

    def pytest_sessionfinish(self) -> None:
        """Nothing happened."""
        faulthandler.disable()
        os.close(self._file)
        self._path.unlink(missing_ok=True)


class _Controller:
    """Stops the run, and says at its end what each dead process has left."""

    def __init__(self) -> None:
        self._run = ""
        self._dead: list[str] = []
        for note in FOLDER.glob("*"):
            if not processes.lives(pid_of(note)):  # of a run that was killed
                note.unlink(missing_ok=True)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Know the run by the name that its processes know it by."""
        self._run = node.workerinput["testrunuid"]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Stop where it died by itself."""
        if error is None or error == "keyboard-interrupt":
            return
        worker = node.gateway.id
        self._dead.append(worker)
        test = next((_test_in(note) for note in FOLDER.glob(f"{self._run}-{worker}-*")), "before its first test")
        dsession: Any = node.config.pluginmanager.get_plugin("dsession")
        dsession.shouldstop = f"process {worker} died in {test}; nothing runs any more"

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show the notes of the dead, and of whoever was made to show its stacks with them."""
        for note in sorted(FOLDER.glob(f"{self._run}-*")):
            worker = note.name.removeprefix(f"{self._run}-").partition("-")[0]
            test, _, stacks = note.read_text("utf-8", "replace").partition("\n")
            note.unlink(missing_ok=True)
            if stacks or worker in self._dead:
                terminalreporter.write_sep("!", f"{worker}, process {pid_of(note)}: {test or 'before its first test'}")
                terminalreporter.write_line(stacks or "It left no stacks: it was killed, or ended itself.")


def _test_in(note: Path) -> str:
    return note.read_text("utf-8", "replace").partition("\n")[0] or "before its first test"
