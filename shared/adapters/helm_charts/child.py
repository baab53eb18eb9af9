"""One child process that works on charts, watched while it does."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import select
import struct
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shared.ports.chart_limits import ChartLimits
from shared.ports.errors import Permanent, Transient

_WORK = Path(__file__).parents[1] / "helm_child" / "work.py"
_ROOT = Path(__file__).parents[3]
_LENGTH = struct.Struct(">I")
_LOOK = 10  # milliseconds; in that time a template takes 10 MB or so
_START = 30  # seconds until it is ready
_TICK = os.sysconf("SC_CLK_TCK")
_LOGGED = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ")
_PEAK = re.compile(rb"^VmHWM:\s+(\d+) kB", re.MULTILINE)
_MIB = 1024 * 1024
_IDLE = 0


class Died(Exception):
    """The child is no more, by the fault of what it was given."""


class Gone(Exception):
    """The child ended before it was asked, or something else than its limits ended it: another one may be asked."""


@dataclass(slots=True)
class _Asked:
    """A request on its way, and what came back."""

    left: memoryview
    until: float
    processor: float
    found: bytearray


class Child:
    """Started by exec, with nothing of the host's environment; for one thread at a time."""

    def __init__(
        self, limits: ChartLimits, environment: Mapping[str, str] | None = None, only: Mapping[str, int] | None = None
    ) -> None:
        self._limits, self.asked = limits, 0
        bounds = {
            "address_space": limits.address_space,
            "processor": int(limits.processor.total_seconds()),
            "idle": limits.idle.total_seconds(),
            "output": limits.output,
            "only": dict(only or {}),
        }
        # Go takes more than it needs until it is told where the end is.
        self._home = TemporaryDirectory(prefix="slipway-helm-")
        own = {"GOMEMLIMIT": str(limits.resident * 3 // 4), "HOME": self._home.name, **(environment or {})}
        args = [sys.executable, "-I", "-S", str(_WORK), json.dumps(library_folders()), json.dumps(bounds)]
        try:
            # Not tied to this thread, which may end before the child is used again: it ends when its input does.
            self._process = subprocess.Popen(
                args,
                env=own,
                cwd=self._home.name,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                process_group=0,
            )
        except OSError as error:
            self._home.cleanup()
            raise Transient(f"no process for charts can be started: {error}") from error
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                os.set_blocking(stream.fileno(), False)
        self._said = bytearray()
        try:
            self._answer(_Asked(memoryview(b""), time.monotonic() + _START, 0, bytearray()))
        except (Died, Gone) as error:
            self.end()
            raise Permanent(f"Helm's process does not start: {error}; look at the installation", ours=True) from error

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it may be asked once more."""
        return self._process.poll() is None

    def ask(self, job: str, values: Mapping[str, Any]) -> Any:
        """Have a job done and return its answer, which is not trusted; raise Died or Gone."""
        self.asked += 1
        body = json.dumps({"job": job, **values}).encode()
        frame = memoryview(_LENGTH.pack(len(body)) + body)
        until = time.monotonic() + self._limits.wall.total_seconds()
        return self._answer(_Asked(frame, until, self._processor(), bytearray()))

    def end(self) -> None:
        """End it, whatever it is doing; harmless where it has ended."""
        # The leader's number is its own as long as it is not reaped.
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, 9)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        self._home.cleanup()

    def _answer(self, asked: _Asked) -> Any:
        streams = self._process.stdin, self._process.stdout, self._process.stderr
        given, answers, errors = (stream.fileno() for stream in streams if stream is not None)
        poll = select.poll()
        poll.register(answers, select.POLLIN)
        poll.register(errors, select.POLLIN)
        if asked.left:
            poll.register(given, select.POLLOUT)
        while True:
            for stream, _ in poll.poll(_LOOK):
                if stream == given:
                    self._write(poll, given, asked)
                elif stream == errors:
                    self._listen(poll, errors)
                elif not self._read(answers, asked):
                    raise self._end_of()
            whole = self._whole(asked)
            # Before an answer counts, too: on a busy machine nobody may have looked on the way.
            self._check(asked)
            if whole is not None:
                return _decoded(whole)

    def _write(self, poll: select.poll, stream: int, asked: _Asked) -> None:
        with contextlib.suppress(BrokenPipeError, BlockingIOError):
            asked.left = asked.left[os.write(stream, asked.left[:_MIB]) :]
            if asked.left:
                return
        poll.unregister(stream)

    def _listen(self, poll: select.poll, stream: int) -> None:
        piece = os.read(stream, 65536)
        if not piece:
            poll.unregister(stream)
        # The first words say why Go gave up; what follows are its stacks.
        self._said += piece[: 2000 - len(self._said)] if len(self._said) < 2000 else b""

    def _read(self, stream: int, asked: _Asked) -> bool:
        piece = os.read(stream, _MIB)
        asked.found += piece
        return bool(piece)

    def _whole(self, asked: _Asked) -> bytes | None:
        if len(asked.found) < _LENGTH.size:
            return None
        size = _LENGTH.unpack_from(asked.found)[0]
        if size > self._limits.output:
            raise self._too("answers with", self._limits.output, "MiB")
        return bytes(asked.found[_LENGTH.size :]) if len(asked.found) >= _LENGTH.size + size else None

    def _check(self, asked: _Asked) -> None:
        if self._most_resident() > self._limits.resident:
            raise self._too("takes", self._limits.resident, "MiB of memory")
        if self._processor() - asked.processor > self._limits.processor.total_seconds():
            raise Died(f"takes more than {self._limits.processor.total_seconds():g} s of a processor")
        if time.monotonic() > asked.until:
            raise Died(f"takes longer than {self._limits.wall.total_seconds():g} s")

    def _too(self, does: str, limit: int, unit: str) -> Died:
        return Died(f"{does} more than {limit // _MIB} {unit}")

    def _end_of(self) -> Exception:
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return Died("broke off its answer")
        # Helm logs what charts say, which may be of an earlier one.
        lines = self._said.decode(errors="replace").splitlines()
        said = next((line[:200] for line in lines if not _LOGGED.match(line)), "")
        if code in (_IDLE, -9):
            return Gone(f"ended by itself or was killed (code {code})")
        # Go ends so, or aborts where not even a thread can be had.
        if "memory" in said or "pthread_create" in said or (code in (2, -6) and not said):
            return self._too("takes", self._limits.resident, "MiB of memory")
        return Died(f"ends Helm with code {code}: {said or 'no word of why'}")

    def _most_resident(self) -> int:
        # Of its whole life: a child that ever had more is asked no more.
        found = _PEAK.search(self._proc("status"))
        return int(found[1]) * 1024 if found is not None else 0

    def _processor(self) -> float:
        fields = self._proc("stat").rpartition(b")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK if fields else 0.0

    def _proc(self, name: str) -> bytes:
        try:
            return Path(f"/proc/{self._process.pid}/{name}").read_bytes()
        except OSError:
            return b""


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Died(f"gives an answer that cannot be read ({type(error).__name__})") from error


def library_folders() -> list[str]:
    found = importlib.util.find_spec("helm_python")
    if found is None or found.origin is None:
        raise Permanent("helm-python-sdk is not installed; install what requirements.txt lists", ours=True)
    return [str(_ROOT), str(Path(found.origin).parents[1])]
