"""Notes which process works in a folder, and ends the one that a dead host left there."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

from shared.adapters.local_build.supervise import end_below
from shared.ports.errors import Transient

NOTE = "process.json"
_SECONDS = 10.0


def note(file: Path, pid: int) -> None:
    """Write down a process, by number and time of start: numbers are used again."""
    file.write_text(json.dumps({"pid": pid, "started": _started(pid)}))


def noted(file: Path) -> int | None:
    """The noted process, if it lives."""
    found = _read(file)
    return found[0] if found and _lives(*found) else None


def end(file: Path) -> None:
    """Kill the noted process with what it started, if it lives, and see it gone; raise Transient where it stays."""
    found = _read(file)
    if found is None:
        # Not to the end, perhaps: the supervisor sees its host die by itself.
        return
    pid = found[0]
    until = time.monotonic() + _SECONDS
    while _lives(*found):
        # Before the supervisor, which orphans fall to: without it they would be nobody's.
        end_below(pid)
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            break
        if time.monotonic() > until:
            raise Transient(f"process {pid} of an earlier build lives on after SIGKILL; the build waits for its end")
        time.sleep(0.01)
    file.unlink(missing_ok=True)


def _read(file: Path) -> tuple[int, object] | None:
    try:
        noted = json.loads(file.read_text())
        return int(noted["pid"]), noted["started"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _lives(pid: int, started: object) -> bool:
    return started is not None and _started(pid) == started


def _started(pid: int) -> str | None:
    """Ticks from boot to its start; None for what does not run, or where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    # proc(5): after the name the state comes first, the start is the twentieth.
    return None if fields[0] in "ZX" else fields[19]
