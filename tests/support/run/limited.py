"""Runs a command with a limit of time: `python -m tests.support.run.limited <minutes> <command> …`.

Where the time is up, each test process shows the stacks of its threads and dies, which ends the run (crashes.py). Nothing
that the command started outlives it, however it ends. It needs nothing but Python: what it runs may install the rest.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from tests.support.run import notes, processes

_SIGNALS = (signal.SIGALRM, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
# xdist takes ten of them for ending its processes.
_SECONDS_TO_REPORT = 30.0
_TOO_LONG = "The run is not done after {:g} minutes, which is its limit; it ends here, and shows where each test was."


class _Stopped(Exception):
    """A signal came."""


def main(minutes: float, command: list[str]) -> int:
    """Run it; return its exit code, or a failure where it had to be ended."""
    for number in _SIGNALS:
        signal.signal(number, _stop)
    processes.adopt_orphans()
    # What make hands on to its own parts comes by file descriptor.
    child = subprocess.Popen(command, close_fds=False)
    signal.setitimer(signal.ITIMER_REAL, minutes * 60)
    try:
        code = _wait_for(child.pid)
    except _Stopped as stopped:
        (number,) = stopped.args
        known = processes.descendants(os.getpid())
        code = 128 + number
        if number == signal.SIGALRM:
            print(f"\n{_TOO_LONG.format(minutes)}", file=sys.stderr, flush=True)
            _wait_for(child.pid, meanwhile=_Abort(), seconds=_SECONDS_TO_REPORT)
            code = 1
        elif number == signal.SIGINT:  # the terminal interrupts all of them, and they say what they know
            _wait_for(child.pid, seconds=_SECONDS_TO_REPORT)
        processes.end_all(known)
    else:
        left = processes.end_all()
        if left:
            print("Ended what the run left behind:", *left, sep="\n  ", file=sys.stderr, flush=True)
    child.returncode = code  # it is waited for above, with all that came of it
    return code if code >= 0 else 128 - code


def _stop(number: int, _: FrameType | None) -> NoReturn:
    # Once is enough: what follows is not to be cut short.
    for other in _SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    raise _Stopped(number)


def _wait_for(wanted: int, *, meanwhile: Callable[[], None] | None = None, seconds: float | None = None) -> int:
    """Wait for the command. What lost its parent comes here too, and is let go at once, as whoever looks for it expects."""
    until = None if seconds is None else time.monotonic() + seconds
    while until is None or time.monotonic() < until:
        pid, status = os.waitpid(-1, 0 if until is None else os.WNOHANG)
        if pid == wanted:
            return os.waitstatus_to_exitcode(status)
        if not pid:
            if meanwhile:
                meanwhile()
            time.sleep(0.1)
    return 1


class _Abort:
    """Has each test process show its stacks and die: those that are there, and those that come up only now."""

    def __init__(self) -> None:
        self._asked: set[int] = set()

    def __call__(self) -> None:
        ours = {notes.pid_of(note) for note in notes.FOLDER.glob("*")}.intersection(processes.descendants(os.getpid()))
        # A second signal would end the first one's work.
        processes.send(signal.SIGABRT, ours - self._asked)
        self._asked |= ours


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
