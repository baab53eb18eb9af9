"""One deployment in a process of its own: a job in, an answer out. Started as `helm -I -S deploying.py <folders>`.

By that name, as Helm names its field manager by the program's: people may use Helm's own command beside it. It dies with
the thread that waits for it, and at its wall limit, whatever Helm is doing.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import sys
import threading
import time
from typing import Any

_PR_SET_PDEATHSIG = 1
_LONGEST = 4000
_KILLED = 9


def main(folders: str) -> None:
    """Do the one job of standard input, and write what came of it to standard output."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    job: dict[str, Any] = json.loads(_line())
    # The parent may have died before the kernel was told to look.
    if os.getppid() != job.pop("parent"):
        os._exit(_KILLED)
    threading.Thread(target=_end_at, args=(time.monotonic() + job.pop("wall"),), daemon=True).start()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.path[:0] = json.loads(folders)
    answer = json.dumps(_done(job)).encode()
    view = memoryview(answer)
    while view:
        view = view[os.write(answers, view) :]
    # What Go still has running ends with the process, and not by its own leave.
    os._exit(0)


def _line() -> bytes:
    found = bytearray()
    while not found.endswith(b"\n"):
        piece = os.read(0, 1 << 16)
        if not piece:
            os._exit(_KILLED)
        found += piece
    threading.Thread(target=_end_with_host, daemon=True).start()
    return bytes(found)


def _end_with_host() -> None:
    # A second way to know, where the death of a thread says nothing.
    waiting = select.poll()
    waiting.register(0, 0)
    waiting.poll()
    os._exit(_KILLED)


def _end_at(end: float) -> None:
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 1.0))
    os.kill(os.getpid(), signal.SIGKILL)


def _done(job: dict[str, Any]) -> dict[str, Any]:
    try:
        from shared.adapters.helm_child.deployments import DEPLOYMENTS

        return {"done": DEPLOYMENTS[job.pop("job")](**job)}
    except MemoryError:
        os._exit(2)
    except Exception as error:
        return {"failed": type(error).__name__, "why": str(getattr(error, "detail", error))[:_LONGEST]}


if __name__ == "__main__":
    main(sys.argv[1])
