"""Child processes that end with their host, in time, and with everything they started."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from shared.ports.errors import Permanent, Transient

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4


class TimedOut(Transient):
    """The process was killed because its time was over; `output` is what it had printed by then, both streams."""

    def __init__(self, message: str, output: bytes) -> None:
        super().__init__(message)
        self.output = output


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """How a process ended: its exit code (negative: the signal that ended it) and what it printed."""

    code: int
    stdout: bytes
    stderr: bytes


def child_dies_with_parent() -> None:
    """Ask the kernel to kill this process when the thread that started it ends; for `preexec_fn`, Linux only."""
    prctl = _prctl()
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def keep_to_itself() -> None:
    """Have the kernel show this process's environment and memory to nobody but who may trace everything; Linux only.

    What it starts is not concerned. It leaves no core file, for that holds its memory.
    """
    prctl = _prctl()
    if prctl is not None:
        prctl(_PR_SET_DUMPABLE, 0)


def start(
    args: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str],
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int | IO[bytes] = subprocess.PIPE,
) -> subprocess.Popen[bytes]:
    """Start a process, without a shell, as the leader of its own group; it dies with the thread that started it.

    Raise Permanent(ours) where the program or the folder is not there.
    """
    program = shutil.which(args[0], path=env.get("PATH", os.defpath))
    if program is None:
        raise Permanent(f"the program {args[0]} is not installed; install it and try again", ours=True)
    wrapper, preexec = _tie_to_parent()
    try:
        # A group of its own, so that Ctrl-C ends the host in order and a kill reaches grandchildren too.
        return subprocess.Popen(
            [*wrapper, program, *args[1:]],
            cwd=cwd,
            env=dict(env),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            process_group=0,
            preexec_fn=preexec,  # noqa: PLW1509 (None unless setpriv is missing, and then safe: one system call)
        )
    except OSError as error:
        raise Permanent(f"{args[0]} cannot be started in {cwd}: {error}", ours=True) from error


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process of `start` with everything it started, and wait for its end; harmless where its end was seen."""
    # Not poll(): as long as the leader is not reaped its group's number is ours, and its children may outlive it.
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def run(
    args: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str],
    timeout: float,
    input: bytes | None = None,
) -> Completed:
    """Run a process to its end, `timeout` in seconds; an exit code is data, not an error.

    Raise TimedOut, after killing it and what it started, and Permanent(ours) where it cannot be started.
    """
    stdin = subprocess.DEVNULL if input is None else subprocess.PIPE
    with start(args, cwd=cwd, env=env, stdin=stdin) as process:
        try:
            stdout, stderr = process.communicate(input, timeout=timeout)
        except subprocess.TimeoutExpired as expired:
            kill(process)
            output = (expired.stdout or b"") + (expired.stderr or b"")
            raise TimedOut(f"{args[0]} took longer than {timeout:g} s and was killed", output) from expired
        except BaseException:
            kill(process)
            raise
    return Completed(code=process.returncode, stdout=stdout, stderr=stderr)


@cache
def _tie_to_parent() -> tuple[tuple[str, ...], Callable[[], None] | None]:
    # preexec_fn makes Python fork instead of vfork: 8 ms a process in a host of 150 MB against 2 ms by way of setpriv.
    setpriv = shutil.which("setpriv", path=os.defpath)
    if setpriv is not None:
        return (setpriv, "--pdeathsig", "KILL", "--"), None
    return (), child_dies_with_parent if _prctl() is not None else None


@cache
def _prctl() -> Callable[[int, int], int] | None:
    # Looked up before the fork: in the child, only the call itself is safe.
    if not sys.platform.startswith("linux"):
        return None
    function = ctypes.CDLL(None).prctl
    return lambda option, argument: int(function(option, argument))
