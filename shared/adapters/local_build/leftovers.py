"""Notes which process works in a folder, and ends the one that a dead host left there."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

from shared.adapters.local_build.supervise import end_below
from shared.ports.errors import Transient

_SECONDS = 10.0


def note(file: Path, pid: int) -> None:
    """Write down a process, by number and time of start: numbers are used again."""
    file.write_text(json.dumps({"pid": pid, "started": _started(pid)}))


def end(file: Path) -> None:
    """Kill the noted process with what it started, if it lives, and see it gone; raise Transient where it stays."""
    try:
        noted = json.loads(file.read_text())
        pid, started = int(noted["pid"]), noted["started"]
    except (OSError, ValueError, KeyError, TypeError):
        # Nothing was noted, or not to the end: the supervisor sees its host die by itself.
        return
    until = time.monotonic() + _SECONDS
    while started is not None and _started(pid) == started:
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


def _started(pid: int) -> str | None:
    """Ticks from boot to its start; None for what does not run, or where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    # proc(5): after the name the state comes first, the start is the twentieth.
    return None if fields[0] in "ZX" else fields[19]
