"""The child's loop: a frame in, a frame out, until nobody asks any more. Started with `python -I -S work.py <folders> <limits>`.

A frame is four bytes of length and JSON. It ends when its host does, and by itself after idle minutes.
"""

from __future__ import annotations

import json
import os
import resource
import select
import struct
import sys
import threading
from collections.abc import Callable
from typing import Any, BinaryIO

_LENGTH = struct.Struct(">I")
_LARGEST_FILE = 256 * 1024 * 1024
# Said with the code of its end, so that nobody takes it for a death.
IDLE = 0


def main(folders: str, limits: str) -> None:
    """Answer until the host is gone or has been silent for too long."""
    bounds: dict[str, Any] = json.loads(limits)
    asked, answers = _streams()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_AS, (bounds["address_space"], bounds["address_space"]))
    sys.path[:0] = json.loads(folders)
    if bounds["only"]:
        _keep_to(**bounds["only"])
    from shared.adapters.helm_child.jobs import JOBS

    threading.Thread(target=_end_with_host, args=(asked.fileno(),), daemon=True).start()
    _send(answers, {"ready": True}, bounds["output"])
    # What it was started for comes, however long that takes on a busy machine.
    idle: float | None = None
    while select.select([asked], [], [], idle)[0]:
        idle = bounds["idle"]
        job = _received(asked)
        if job is None:
            break
        _allow_processor(bounds["processor"])
        _send(answers, _done(JOBS, job), bounds["output"])
    os._exit(IDLE)


def _keep_to(port: int, near: bool) -> None:
    from shared.adapters.helm_child.network import connect_only

    try:
        connect_only(port, near=near)
    except OSError as error:
        # Where loopback is not kept from it, the proxy alone is enough.
        if not near:
            sys.exit(f"cannot be kept to what is checked: {error}")


def _streams() -> tuple[BinaryIO, BinaryIO]:
    # Only answers go to the host: what a library prints goes nowhere.
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    return os.fdopen(0, "rb", buffering=0, closefd=False), answers


def _end_with_host(stream: int) -> None:
    # A thread, not PR_SET_PDEATHSIG, which goes by the thread that started the child.
    waiting = select.poll()
    waiting.register(stream, 0)
    waiting.poll()
    os._exit(IDLE)


def _allow_processor(seconds: int) -> None:
    # The host counts too; this holds where the host itself is kept from running.
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + seconds + 2, hard))


def _received(stream: BinaryIO) -> dict[str, Any] | None:
    head = _exactly(stream, _LENGTH.size)
    body = _exactly(stream, _LENGTH.unpack(head)[0]) if head else b""
    return json.loads(body) if body else None


def _exactly(stream: BinaryIO, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        piece = stream.read(size - len(found))
        if not piece:
            return b""
        found += piece
    return bytes(found)


def _done(jobs: dict[str, Callable[..., Any]], job: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"done": jobs[job.pop("job")](**job)}
    except MemoryError:
        os._exit(2)
    except Exception as error:
        return {"failed": type(error).__name__, "why": str(getattr(error, "detail", error))[:4000]}


def _send(stream: BinaryIO, answer: dict[str, Any], most: int) -> None:
    body = json.dumps(answer, separators=(",", ":")).encode()
    if len(body) > most:
        body = b'{"failed":"TooMuch","why":""}'
    frame = memoryview(_LENGTH.pack(len(body)) + body)
    while frame:
        frame = frame[stream.write(frame) :]


if __name__ == "__main__":
    main(*sys.argv[1:3])
