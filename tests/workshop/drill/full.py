"""A full disk: the host's folder lies on a small tmpfs that is filled up in the middle of the story."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from tests.workshop.drill.report import Result
from tests.workshop.drill.run import Plan, Told, tell
from tests.workshop.drill.scene import Scene
from tests.workshop.drill.story import (
    Teller,
    at_rest,
    lift,
    packaged_again,
    released,
    rolled_back,
    validated,
    withdrawn,
)

Trial = tuple[str, Callable[[Path], list[Result]]]

_Answer: TypeAlias = tuple[int, dict[str, Any]]

DISK = "disk"
_SIZE = "48m"
_LASTS = 3.0
_LATEST = 1.0
_CHUNK = 1 << 20
# The chapters before, and the push during whose work the disk is filled: validating, packaging, deploying, going back.
_CHAPTERS = (validated, packaged_again, released, rolled_back, withdrawn)
_MOMENTS = {
    "a validation": (0, "feature/express-first", "feature"),
    "a release": (2, "release/delivery/v1.0.1", "1.0.1"),
    "a failing release": (3, "release/delivery/v1.1.0", "1.1.0"),
    "a release to be aborted": (4, "release/delivery/v1.2.0", "1.2.0"),
}


def trials(scene: Scene, undisturbed: Told, *, seed: int, short: bool) -> Iterator[Trial]:
    """Name what is tried, and how."""
    for name in ("a release",) if short else _MOMENTS:
        after = random.Random(f"{seed}/{name}").uniform(0, _LATEST)
        yield f"full-{name}".replace(" ", "-"), partial(_starve, scene, undisturbed, name, after)


def _starve(scene: Scene, undisturbed: Told, moment: str, after: float, root: Path) -> list[Result]:
    shutil.rmtree(root, ignore_errors=True)
    disk = root / DISK
    disk.mkdir(parents=True)
    what = f"{after:.1f} s into {moment}"
    with _small_disk(disk) as refused:
        if refused:
            return [not_run(refused, must_run=os.environ.get("CI") == "true")]
        found: list[str] = []
        told = tell(scene, root / "run", Plan(tell=partial(_told, moment, after, found), disk=disk))
        problems = [*found, *told.against(undisturbed.end)]
    return [
        Result(about="full disk", what=what, twice=tuple(told.twice()), problems=tuple(problems), seconds=told.seconds)
    ]


def not_run(refused: str, *, must_run: bool) -> Result:
    """Where nothing may be mounted the rest of the drill is still worth having; in CI nobody would notice."""
    return Result(about="full disk", what=f"did NOT run: {refused}", problems=(refused,) if must_run else ())


@contextmanager
def _small_disk(folder: Path) -> Iterator[str]:
    """Mount a small file system of its own there; yield why that is not possible, or nothing."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        yield "mounting a tmpfs needs root"
        return
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=700", "slipway-drill", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        yield f"mounting a tmpfs was refused: {done.stderr.strip()}"
        return
    try:
        yield ""
    finally:
        unmount(folder)


def unmount(folder: Path) -> None:
    """Take the small disk away; lazily, as a process that still ends must not keep it for ever."""
    subprocess.run(["umount", "--lazy", str(folder)], check=False)


def _told(moment: str, after: float, found: list[str], teller: Teller) -> None:
    before, branch, commit = _MOMENTS[moment]
    for chapter in _CHAPTERS[:before]:
        chapter(teller)
    teller.until("it answers", lambda: teller.operator.get("/api/health").status == 200)
    teller.push(branch, commit)
    time.sleep(after)
    kept: list[str] = []
    with _Filler(teller.host.folder.root / "filler"):
        found += _while_full(teller, kept)
    # Nobody touches it: it has to notice by itself that there is room again.
    teller.until("health is good again", lambda: teller.operator.get("/api/health").status == 200)
    for hold in kept:
        teller.ask(partial(lift, teller, f"/api/holds/{hold}"), "what was kept is lifted")
    for chapter in _CHAPTERS[before:]:
        chapter(teller)
    at_rest(teller)


def _while_full(teller: Teller, kept: list[str]) -> Iterator[str]:
    """Others may give room back for a moment, and be served: each door is asked until it refuses."""
    yield from _clear("the hook's door", *_refusal(teller, "the hook's door is closed", lambda: _hook(teller)))
    yield from _clear("the API", *_refusal(teller, "the API keeps nothing", lambda: _hold(teller, kept)))
    yield from _clear("health", *_refusal(teller, "health is bad", lambda: _health(teller)))
    if (read := teller.operator.get("/api/services").status) != 200:
        yield f"reading is answered with {read} while nothing can be kept"
    time.sleep(_LASTS)
    if not teller.host.alive or teller.host.deaths:
        yield "the host did not stay alive"
    lines = [line for line in teller.host.log.read_text(errors="replace").splitlines() if " WARNING " in line]
    if not any("disk is full" in line for line in lines):
        yield "no warning in the log says that the disk is full"


def _clear(who: str, status: int, said: Any) -> Iterator[str]:
    if status != 503 or "disk is full" not in str(said.get("detail")) or "make room" not in str(said.get("detail")):
        yield f"{who} answers {status}: {dict(said)}"


def _refusal(teller: Teller, what: str, ask: Callable[[], _Answer]) -> _Answer:
    refused: list[_Answer] = []

    def asked() -> bool:
        answer = ask()
        if answer[0] >= 300:
            refused.append(answer)
        return bool(refused)

    teller.until(what, asked)
    return refused[-1]


def _hold(teller: Teller, kept: list[str]) -> _Answer:
    """Ask for a hold, and note one that was kept."""
    hold = {"scope": "everything", "reason": "never kept"}
    answer = teller.operator.post("/api/holds", hold, idempotency_key=f"full-{len(kept)}")
    if answer.status < 300:
        kept.append(str(answer.body["id"]))
    return answer.status, dict(answer.body)


def _health(teller: Teller) -> _Answer:
    answer = teller.operator.get("/api/health")
    return answer.status, dict(answer.body)


def _hook(teller: Teller) -> _Answer:
    """Tell of a branch that is not there: it takes room, and means nothing."""
    kept = json.loads((teller.host.folder.root / "host.json").read_text())
    body = {"id": f"full-{time.monotonic_ns()}", "repository": kept["repository"]}
    body |= {"refs": [{"ref": "refs/heads/nothing", "before": "0" * 40, "after": "1" * 40}]}
    connection = http.client.HTTPConnection("127.0.0.1", kept["port"], timeout=30)
    try:
        headers = {"Content-Type": "application/json", "X-Slipway-Secret": kept["hook_secret"]}
        connection.request("POST", "/api/hooks/git", json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


class _Filler:
    """Takes every byte that is free, and again what others give back, until it ends; then all of it is free again."""

    def __init__(self, file: Path) -> None:
        self._file, self._stop = file, threading.Event()
        self._thread = threading.Thread(target=self._fill, daemon=True)

    def __enter__(self) -> _Filler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._file.unlink(missing_ok=True)

    def _fill(self) -> None:
        with self._file.open("ab", buffering=0) as file:
            while True:
                for size in (_CHUNK, 4096, 1):
                    with contextlib.suppress(OSError):
                        while file.write(bytes(size)) == size:
                            pass
                if self._stop.wait(0.002):
                    return
