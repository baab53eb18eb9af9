"""One control plane for all processes of a run: the first to ask starts it, and it ends soon after the last one has.

with cluster(programs, run_id) as found: found.server, found.ca_file, found.token("admin"), found.kubeconfig("admin")
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.folder import write_private
from tests.support.cluster.control_plane import ClusterFailed, ControlPlane
from tests.support.run.processes import runs
from tests.support.tree import ROOT

_SHARED_MEMORY = Path("/dev/shm")
_STATE, _ERROR, _CLIENTS, _READY = "state.json", "error", "clients", "fakelet.ready"
_IDLE, _LOOK, _PATIENCE = 5.0, 0.25, 150.0


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
    client = folder / _CLIENTS / str(os.getpid())
    with _locked(folder):
        client.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        client.touch()
        found = _running(folder) or _start(programs, folder)
    try:
        yield found
    finally:
        client.unlink(missing_ok=True)


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


def _state(made: ControlPlane) -> dict[str, Any]:
    pids = {"supervisor": os.getpid(), **made.pids}
    return {"server": made.server, "ca_file": str(made.ca_file), "tokens": made.tokens, "pids": pids}


def _folder(run_id: str) -> Path:
    """In memory where there is some: nothing in it outlives the run."""
    base = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    return base / f"slipway-kube-{os.getuid()}-{run_id}"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the run's lock, which lies outside the folder that is removed under it."""
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _running(folder: Path) -> Cluster | None:
    try:
        state = json.loads((folder / _STATE).read_text())
    except FileNotFoundError:
        return None
    return Cluster(folder, state) if runs(state["pids"]["supervisor"]) else None


def _start(programs: Path, folder: Path) -> Cluster:
    for left in (_STATE, _ERROR, _READY):
        (folder / left).unlink(missing_ok=True)
    supervisor = _spawn([sys.executable, "-m", "tests.support.cluster", str(programs), str(folder)], folder)
    end = time.monotonic() + _PATIENCE
    while (found := _running(folder)) is None:
        if (folder / _ERROR).exists():
            raise ClusterFailed((folder / _ERROR).read_text())
        if not runs(supervisor) or time.monotonic() > end:
            raise ClusterFailed(f"the control plane did not start; {folder}/supervisor.log says more")
        threading.Event().wait(0.03)
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
    for one in (folder / _CLIENTS).iterdir():
        if runs(int(one.name)):
            found.append(one)
        else:
            one.unlink(missing_ok=True)
    return found
