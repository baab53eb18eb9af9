"""One child for one deployment: started by exec, fed through a pipe, watched, and ended at its limit.

A process that has loaded Helm's library cannot fork, and no thread in it can be stopped: so this one never loads it, and who
waits here can always end what it waits for.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shared.adapters.helm_charts.child import library_folders
from shared.ports.applier import Busy
from shared.ports.errors import Permanent, Transient

_WORK = Path(__file__).parents[1] / "helm_child" / "deploying.py"
_MIB = 1024 * 1024
_LOOK = 50  # milliseconds
GRACE = 20.0
_LARGEST = 64 * _MIB
_SAID = 2000


class ChildEnded(Exception):
    """The child is no more, and what it did is for its records to tell."""


class Processes:
    """Runs children, a few at a time.

    `resident` bounds each one's memory in bytes, `grace` is for writing down how it ended once Helm's own time is over, in seconds.
    """

    def __init__(self, resident: int, *, grace: float = GRACE) -> None:
        self._resident, self.grace = resident, grace
        self._running, self._lock = 0, threading.Lock()

    @contextmanager
    def room(self, most: int, doing: str) -> Iterator[None]:
        """Take one of so many places; raise Busy where all are taken."""
        with self._lock:
            if self._running >= most:
                raise Busy(
                    f"{doing}: {self._running} deployments run here already, and {most} may (deploy.helm.parallel)"
                )
            self._running += 1
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1

    def run(self, job: str, values: Mapping[str, Any], *, timeout: float, doing: str) -> Any:
        """Have a job done and return its answer; raise ChildEnded where the child died in it, Permanent and Transient where it cannot start."""
        with TemporaryDirectory(prefix="slipway-deploy-") as home:
            program = Path(home, "helm")
            program.symlink_to(os.path.realpath(sys.executable))
            wall = timeout + self.grace
            asked = {"job": job, "parent": os.getpid(), "wall": wall, **values}
            process = self._started(program, home, doing)
            try:
                return self._answer(process, json.dumps(asked).encode() + b"\n", time.monotonic() + wall)
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGKILL)
                process.wait()
                for stream in (process.stdin, process.stdout, process.stderr):
                    if stream is not None:
                        stream.close()

    def _started(self, program: Path, home: str, doing: str) -> subprocess.Popen[bytes]:
        # Go is told where the end is, and takes less before it.
        own = {"GOMEMLIMIT": str(self._resident * 3 // 4), "HOME": home, "TMPDIR": home}
        try:
            return subprocess.Popen(
                [str(program), "-I", "-S", str(_WORK), json.dumps(library_folders())],
                env=own,
                cwd=home,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
            )
        except OSError as error:
            raise Transient(f"{doing}: no process for Helm can be started: {error}") from error

    def _answer(self, process: subprocess.Popen[bytes], asked: bytes, until: float) -> Any:
        given, answers, errors = (
            stream.fileno() for stream in (process.stdin, process.stdout, process.stderr) if stream
        )
        os.set_blocking(given, False)
        poll = select.poll()
        for stream, event in ((given, select.POLLOUT), (answers, select.POLLIN), (errors, select.POLLIN)):
            poll.register(stream, event)
        left, found, said, open_streams = memoryview(asked), bytearray(), bytearray(), {answers, errors}
        while open_streams:
            for stream, _ in poll.poll(_LOOK):
                if stream == given:
                    left = _written(given, left)
                    if not left:
                        # It stays open: the child takes its end for ours.
                        poll.unregister(given)
                    continue
                piece = os.read(stream, 1 << 16)
                if not piece:
                    poll.unregister(stream)
                    open_streams.discard(stream)
                elif stream == answers:
                    found += piece
                else:
                    said += piece[: max(0, _SAID - len(said))]
            self._check(process, len(found), until)
        process.wait()
        try:
            return json.loads(found)
        except ValueError as error:
            words = " ".join(said.decode(errors="replace").split())[:300]
            raise ChildEnded(
                f"Helm's process ended with code {process.returncode}: {words or 'no word of why'}"
            ) from error

    def _check(self, process: subprocess.Popen[bytes], size: int, until: float) -> None:
        if time.monotonic() > until:
            raise ChildEnded("Helm took longer than it may, and was ended (deploy.helm.timeout)")
        if size > _LARGEST:
            raise ChildEnded(f"Helm answers with more than {_LARGEST // _MIB} MiB")
        if (taken := _resident(process.pid)) > self._resident:
            raise ChildEnded(f"Helm takes {taken // _MIB} MiB of memory, and {self._resident // _MIB} are allowed")


def of_answer(answer: Any) -> tuple[Any, str, str]:
    """Split an answer: what was done, or the class and the words of what failed."""
    if isinstance(answer, dict) and "done" in answer:
        return answer["done"], "", ""
    if isinstance(answer, dict) and isinstance(answer.get("failed"), str):
        return None, answer["failed"], " ".join(str(answer.get("why") or "").split())
    raise Permanent("Helm's process gave an answer that is none; look at the installation", ours=True)


def _written(stream: int, left: memoryview) -> memoryview:
    try:
        return left[os.write(stream, left[:_MIB]) :]
    except BlockingIOError:
        return left
    except BrokenPipeError:
        return left[:0]


def _resident(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") if len(fields) > 1 else 0
