"""Runs a command for a host that may die at any moment: `supervise.py <file for the exit code> <largest file> <command> …`.

A script of its own, without imports from the project. The host holds the other end of standard input; when that closes, because the
host closed it or because it died, everything below this process is killed. A parent-death signal would reach the command alone and
not what it started, and it comes when a *thread* of the host ends. What leaves its parent, also by a session of its own, becomes a
child of this process, so that nothing gets away. No file may grow beyond the largest, in bytes; 0 leaves that to the disk.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading
import time

_PR_SET_CHILD_SUBREAPER = 36
_SECONDS = 10.0
_PAUSE = 0.005


def main(exit_file: str, largest: int, command: list[str]) -> None:
    """Run the command, note its exit code, end everything that the command left running."""
    _adopt_orphans()
    _bound_files(largest)
    ending = threading.Event()
    try:
        # The pipe to the host stays ours: the command must not hold it open, nor read from it.
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    except OSError as error:
        print(f"{command[0]} cannot be started: {error}", flush=True)
        _write(exit_file, 127)
        return
    threading.Thread(target=_end_with_the_host, args=(ending,), daemon=True).start()
    code = _code_of(process.pid)
    if ending.is_set():
        # It was killed by us, which is no exit code of its own; the other thread ends this process.
        threading.Event().wait()
    _write(exit_file, code)
    end_below(os.getpid())


def below(root: int) -> list[int]:
    """The processes that run and descend from this one, in no order; none where the system does not tell."""
    children: dict[int, list[int]] = {}
    try:
        names = os.listdir("/proc")
    except OSError:
        return []
    for name in names:
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                # proc(5): after the name, which may hold anything, come the state and the parent; the threads are the 18th.
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        # A process whose first thread ended looks like a zombie, while others of it run.
        if fields[0] not in (b"Z", b"X") or int(fields[17]) > 1:
            children.setdefault(int(fields[1]), []).append(int(name))
    found, left = [], [root]
    while left:
        direct = children.get(left.pop(), [])
        found += direct
        left += direct
    return found


def end_below(root: int) -> None:
    """Kill what descends from a process until nothing does: what is just being started is met by the next look."""
    until = time.monotonic() + _SECONDS
    while (left := below(root)) and time.monotonic() < until:
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        time.sleep(_PAUSE)


def _adopt_orphans() -> None:
    try:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except AttributeError:
        return  # not Linux


def _bound_files(largest: int) -> None:
    already = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    if largest and (already == resource.RLIM_INFINITY or largest < already):
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))


def _code_of(command: int) -> int:
    """Wait for the command, and meanwhile for orphans, which would stay zombies."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == command:
            code = os.waitstatus_to_exitcode(status)
            # As shells say it, and others that stand between us and the command.
            return code if code >= 0 else 128 - code


def _write(exit_file: str, code: int) -> None:
    # Renamed, so that a code is there whole or not at all; none means that the command was killed.
    with open(f"{exit_file}.new", "w") as file:
        file.write(str(code))
    os.replace(f"{exit_file}.new", exit_file)


def _end_with_the_host(ending: threading.Event) -> None:
    os.read(sys.stdin.fileno(), 1)
    ending.set()
    end_below(os.getpid())
    # Ours, this process included: whoever started us made us the leader.
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
