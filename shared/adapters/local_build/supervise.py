"""Runs a command for a host that may die at any moment: `supervise.py <file for the exit code> <command> …`.

A script of its own, without imports from the project. The host holds the other end of standard input; when that closes, because the
host closed it or because it died, the whole process group is killed. A parent-death signal would reach the command alone and
not what it started, and it comes when a *thread* of the host ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading


def main(exit_file: str, command: list[str]) -> None:
    """Run the command, note its exit code, end the group with everything that the command left running."""
    threading.Thread(target=_end_with_the_host, daemon=True).start()
    try:
        # The pipe to the host stays ours: the command must not hold it open, nor read from it.
        code = subprocess.Popen(command, stdin=subprocess.DEVNULL).wait()
    except OSError as error:
        print(f"{command[0]} cannot be started: {error}", flush=True)
        code = 127
    # Renamed, so that a code is there whole or not at all; none means that the command was killed.
    with open(f"{exit_file}.new", "w") as file:
        file.write(str(code))
    os.replace(f"{exit_file}.new", exit_file)
    _kill_the_group()


def _end_with_the_host() -> None:
    os.read(sys.stdin.fileno(), 1)
    _kill_the_group()


def _kill_the_group() -> None:
    # Ours, this process included: whoever started us made us the leader.
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
