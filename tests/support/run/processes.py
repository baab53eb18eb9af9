"""Which processes came of one, and how none of them is left."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_PROC = Path("/proc")


def adopt_orphans() -> None:
    """Have what loses its parent become ours, where the system can do that (Linux), so that it is found later."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_with_parent() -> None:
    """Have this process killed when its parent ends, where the system can do that (Linux).

    For a child before it becomes a program. Whoever starts it must be a thread that lives as long as the process.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


def descendants(pid: int) -> list[int]:
    """All that a process started, and what that started."""
    children: dict[int, list[int]] = {}
    for one, parent in _parents():
        children.setdefault(parent, []).append(one)
    found = [pid]
    for one in found:
        found += children.get(one, ())
    return found[1:]


def command_of(pid: int) -> str:
    """What it is, for people."""
    with contextlib.suppress(OSError):
        return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")[:150].strip()
    return ""


def send(number: signal.Signals, pids: Iterable[int]) -> None:
    """Send a signal to those that live."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def end_all(known: Iterable[int] = (), *, seconds: float = 10.0) -> list[str]:
    """Kill what this process started, and what else is known of it, until nothing is left; return what they were."""
    known, until, ended = set(known), time.monotonic() + seconds, dict[int, str]()
    while time.monotonic() < until:
        _reap()
        left = [pid for pid in {*descendants(os.getpid()), *known} if lives(pid)]
        if not left:
            break
        ended |= {pid: command_of(pid) for pid in left if pid not in ended}
        send(signal.SIGKILL, left)
        time.sleep(0.02)
    return [f"{pid} {command}" for pid, command in ended.items()]


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def lives(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def runs(pid: int) -> bool:
    """Whether there is such a process and it has not ended: one that nobody has waited for yet is still listed."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return not (_PROC / "self" / "stat").exists() and lives(pid)
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def _parents() -> Iterable[tuple[int, int]]:
    if not (_PROC / "self" / "stat").exists():
        listed = subprocess.run(["ps", "-Ao", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        return [(int(pid), int(parent)) for pid, parent in (line.split() for line in listed.splitlines())]
    found = []
    for folder in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # After the name, which may hold anything, come the state and the parent.
            found.append((int(folder.name), int((folder / "stat").read_text().rpartition(")")[2].split()[1])))
    return found
