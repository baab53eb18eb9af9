"""Whether processes live, and waiting for what other processes do."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable
from pathlib import Path

_SECONDS = 60


def alive(pid: int) -> bool:
    """Whether the process runs; one that ended and was not collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def held(path: Path) -> bool:
    """Whether a process that locked this file lives, also one whose id means nothing here."""
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def wait_for(what: Callable[[], object], said: str) -> None:
    """Come back when it is true; fail, saying what was waited for, when that takes hopelessly long."""
    until = time.monotonic() + _SECONDS
    while not what():
        assert time.monotonic() < until, f"waited in vain: {said}"
        # Give the processor to what is waited for.
        time.sleep(0.005)
