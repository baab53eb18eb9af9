"""One control plane for all processes of a run: the first to ask starts it, and it ends soon after the last one has.

with cluster(programs, run_id) as found: found.server, found.ca_file, found.token("admin"), found.kubeconfig("admin")
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.folder import write_private
from tests.support.cluster.control_plane import ClusterFailed, ControlPlane
from tests.support.run import processes
from tests.support.tree import ROOT

_SHARED_MEMORY = Path("/dev/shm")
_STATE, _ERROR, _CLIENTS = "state.json", "error", "clients"
_IDLE, _LOOK, _PATIENCE, _STEP = 5.0, 0.25, 150.0, 0.03
_LOGS_KEPT = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running control plane, as its clients see it."""

    folder: Path
    state: dict[str, Any]

    @property
    def server(self) -> str:
        """Where it answers."""
        return str(self.state["server"])

    @property
    def ca_file(self) -> Path:
        """Whom its clients trust."""
        return Path(self.state["ca_file"])

    @property
    def pids(self) -> dict[str, int]:
        """Its parts' processes, and the supervisor's."""
        return dict(self.state["pids"])

    def token(self, user: str) -> str:
        """A user's token; see components.USERS."""
        return str(self.state["tokens"][user])

    def kubeconfig(self, user: str) -> Path:
        """The file by which kubectl and Helm are a user."""
        return self.folder / f"{user}.kubeconfig"


@contextmanager
def cluster(programs: Path, run_id: str) -> Iterator[Cluster]:
    """Use the run's control plane, which is started where there is none; raise ClusterFailed."""
    folder = _folder(run_id)
    client = folder / _CLIENTS / f"{os.getpid()}-{secrets.token_hex(4)}"
    _remove_dead(folder.parent)
    with _locked(folder):
        client.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        client.touch()
        found = _running(folder) or _start(programs, folder)
    try:
        yield found
    finally:
        client.unlink(missing_ok=True)


def stop_at_once(used: Cluster) -> None:
    """End a control plane that nobody else uses, and return when nothing is left of it."""
    supervisor = used.pids["supervisor"]
    processes.send(signal.SIGTERM, [supervisor])
    until = time.monotonic() + _PATIENCE
    while processes.runs(supervisor) and time.monotonic() < until:
        threading.Event().wait(_STEP)


def serve(programs: Path, folder: Path) -> None:
    """Run a control plane until it is told to end, or nobody has used it for a while; the supervisor's main loop."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    made = ControlPlane(programs, folder)
    failed = False
    try:
        made.start()
        write_private(folder / _STATE, json.dumps(_state(made)))
        used = time.monotonic()
        while not stopping.wait(_LOOK):
            made.check()
            if _clients(folder):
                used = time.monotonic()
            if time.monotonic() - used > _IDLE:
                break
    except BaseException as error:
        failed = True
        # Whoever waits for the first start holds the lock: say so before it is asked for.
        made.stop()
        (folder / _ERROR).write_text(str(error))
        raise
    finally:
        with _locked(folder):
            (folder / _STATE).unlink(missing_ok=True)
            made.stop()
            shutil.rmtree(folder / "etcd", ignore_errors=True)
            if not failed:
                shutil.rmtree(folder, ignore_errors=True)
                _lock_of(folder).unlink(missing_ok=True)


def _state(made: ControlPlane) -> dict[str, Any]:
    pids = {"supervisor": os.getpid(), **made.pids}
    return {"server": made.server, "ca_file": str(made.ca_file), "tokens": made.tokens, "pids": pids}


def _folder(run_id: str) -> Path:
    """In memory where there is some: nothing in it outlives the run."""
    base = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    return base / f"{_name()}{run_id}"


def _name() -> str:
    return f"slipway-kube-{os.getuid()}-"


def _lock_of(folder: Path) -> Path:
    """Outside the folder, which is removed while it is held."""
    return folder.with_name(f"{folder.name}.lock")


@contextmanager
def _locked(folder: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the run's lock; without `wait` say whether it could be had. Whoever held it before may have removed it."""
    path = _lock_of(folder)
    while True:
        with path.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            if _is_still(path, lock.fileno()):
                yield True
                return


def _is_still(path: Path, descriptor: int) -> bool:
    with suppress(FileNotFoundError):
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    return False


def _remove_dead(base: Path) -> None:
    """Remove what runs left whose supervisor was killed: their stores are large, and lie in memory."""
    for lock in base.glob(f"{_name()}*.lock"):
        folder = lock.with_suffix("")
        with _locked(folder, wait=False) as held:
            if held and _running(folder) is None and not _clients(folder) and not _failed_lately(folder):
                shutil.rmtree(folder, ignore_errors=True)
                lock.unlink(missing_ok=True)


def _failed_lately(folder: Path) -> bool:
    """Whether somebody may still want to read why it did not start."""
    with suppress(FileNotFoundError):
        return time.time() - (folder / _ERROR).stat().st_mtime < _LOGS_KEPT
    return False


def _running(folder: Path) -> Cluster | None:
    try:
        state = json.loads((folder / _STATE).read_text())
    except FileNotFoundError:
        return None
    return Cluster(folder, state) if processes.runs(state["pids"]["supervisor"]) else None


def _start(programs: Path, folder: Path) -> Cluster:
    for left in folder.iterdir():
        if left.is_dir() and left.name != _CLIENTS:
            shutil.rmtree(left)
        elif left.name != _CLIENTS:
            left.unlink()
    supervisor = _spawn([sys.executable, "-m", "tests.support.cluster", "serve", str(programs), str(folder)], folder)
    end = time.monotonic() + _PATIENCE
    while (found := _running(folder)) is None:
        if (folder / _ERROR).exists():
            raise ClusterFailed((folder / _ERROR).read_text())
        if not processes.runs(supervisor) or time.monotonic() > end:
            raise ClusterFailed(f"the control plane did not start; {folder}/supervisor.log says more")
        threading.Event().wait(_STEP)
    return found


def _spawn(command: list[str], folder: Path) -> int:
    """Start what outlives this process, whoever it was started by; return its pid."""
    log = str(folder / "supervisor.log")
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return os.posix_spawn(command[0], command, env, file_actions=actions, setsid=True)


def _clients(folder: Path) -> list[Path]:
    """Who uses it still; who has ended is struck off."""
    found = []
    for one in (folder / _CLIENTS).glob("*"):
        if processes.runs(int(one.name.partition("-")[0])):
            found.append(one)
        else:
            one.unlink(missing_ok=True)
    return found
