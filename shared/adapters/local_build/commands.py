"""Runs a command of a change's own: bounded in time and output, without the host's secrets, gone when the host is."""

from __future__ import annotations

import shlex
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from shared.adapters.local_build import leftovers, supervise
from shared.adapters.local_build.sight import Sight, wrapped

OUTPUT_BYTES = 1 << 20
_LOOK_SECONDS = 0.1
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedCommand:
    """How a command ended; `code` is None where it was killed. `output` is both streams, their last MiB."""

    code: int | None
    output: bytes
    cancelled: bool = False
    timed_out: bool = False


def arguments(line: str) -> list[str]:
    """Split a command line as a shell would, without running one; `python` is ours. Raise ValueError for open quotes."""
    parts = shlex.split(line)
    if parts and parts[0] in {"python", "python3"}:
        parts[0] = sys.executable
    return parts


def run(
    command: list[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    notes: Path,
    seconds: float,
    cancelled: Callable[[], bool],
    sight: Sight,
    largest: int = 0,
) -> EndedCommand:
    """Run a command to its end, or until it is cancelled or its time is over; `notes` is a folder of our own.

    No file that it writes grows beyond `largest` bytes; 0 leaves that to the disk. It sees what programs need and its `sight`, where the kernel has a way to keep it to that.
    """
    exit_file, pid_file = notes / "exit", notes / leftovers.NOTE
    exit_file.unlink(missing_ok=True)
    # Isolated and without site: the supervisor is the same whatever the folder and the environment hold.
    supervisor = [sys.executable, "-I", "-S", supervise.__file__, str(exit_file), str(largest)]
    process = subprocess.Popen(
        [*supervisor, *wrapped(command, sight, env.get("PATH", ""))],
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    tail = _Tail(process.stdout)
    try:
        leftovers.note(pid_file, process.pid)
        stopped, late = _wait(process, seconds, cancelled)
    finally:
        # The supervisor's sign to end what is left.
        process.stdin.close()
        process.wait()
        pid_file.unlink(missing_ok=True)
    code = int(exit_file.read_text()) if exit_file.exists() else None
    return EndedCommand(code=code, output=tail.close(), cancelled=stopped, timed_out=late)


def _wait(process: subprocess.Popen[bytes], seconds: float, cancelled: Callable[[], bool]) -> tuple[bool, bool]:
    until = time.monotonic() + seconds
    while True:
        try:
            process.wait(min(_LOOK_SECONDS, max(0.0, until - time.monotonic())))
        except subprocess.TimeoutExpired:
            if cancelled():
                return True, False
            if time.monotonic() >= until:
                return False, True
        else:
            return False, False


class _Tail:
    """Reads a stream to its end and keeps the last part."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._kept, self._dropped = stream, deque[bytes](), 0
        self._thread = threading.Thread(target=self._read, name="build output", daemon=True)
        self._thread.start()

    def close(self) -> bytes:
        """Return what was kept; what holds the stream open, although it was killed, is not waited for."""
        self._thread.join(timeout=2)
        kept = b"".join(list(self._kept))[-OUTPUT_BYTES:]
        return b"[the beginning was left out]\n" + kept if self._dropped else kept

    def _read(self) -> None:
        size = 0
        with self._stream:
            while piece := self._stream.read1(_PIECE):  # type: ignore[attr-defined] # a BufferedReader
                self._kept.append(piece)
                size += len(piece)
                while size - len(self._kept[0]) >= OUTPUT_BYTES:
                    size -= len(self._kept.popleft())
                    self._dropped += 1
