"""A real Kubernetes control plane with a fake kubelet, as children of this process: they end with it, however it ends."""

from __future__ import annotations

import http.client
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from infra.local.folder import write_private
from tests.support.cluster import components
from tests.support.cluster.kubeconfig import kubeconfig
from tests.support.cluster.pki import make_pki
from tests.support.run.processes import end_with_parent
from tests.support.tree import ROOT

_PATIENCE, _TRIES, _STEP = 120.0, 3, 0.03
_TAKEN = "address already in use"
_KEPT_ENV = ("PATH", "HOME", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")
# Clients first. The API server would wait for its watches to end, for most of a minute; it has nothing to save.
_ORDER = ("fakelet", "scheduler", "controller-manager", "apiserver", "etcd")
_AT_ONCE = ("apiserver", "etcd")


class ClusterFailed(Exception):
    """The control plane did not start, or one of its parts has ended; the text says which and what it said."""


class ControlPlane:
    """Started in a folder, which is its own; `tokens` by the names of components.USERS."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self.folder = programs, folder
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self.port = 0
        self.tokens = {name: secrets.token_urlsafe(24) for name in components.USERS}

    @property
    def server(self) -> str:
        """Where it answers."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def ca_file(self) -> Path:
        """Whom its clients trust."""
        return self.folder / "pki/ca.crt"

    @property
    def pids(self) -> dict[str, int]:
        """Its parts' processes."""
        return {name: child.pid for name, child in self._children.items()}

    def start(self) -> None:
        """Start all parts, and return once a pod could run; raise ClusterFailed."""
        make_pki(self.folder / "pki")
        users = components.USERS.items()
        lines = [f'{self.tokens[name]},{user},{name},"{groups}"' for name, (user, groups) in users]
        write_private(self.folder / "tokens.csv", "\n".join(lines) + "\n")
        self._start_api_server()
        for name in components.USERS:
            text = kubeconfig(self.server, self.ca_file, name, self.tokens[name])
            write_private(self.folder / f"{name}.kubeconfig", text)
        self._spawn("controller-manager", components.controller_manager(self._programs, self.folder))
        self._spawn("scheduler", components.scheduler(self._programs, self.folder))
        self._spawn("fakelet", components.fakelet(self.folder, self.port), cwd=ROOT, token=self.tokens["fakelet"])
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        self._wait("its default ServiceAccount", lambda: self._status(account, self.tokens["admin"]) == 200)
        self._wait("its nodes", (self.folder / "fakelet.ready").exists)

    def check(self) -> None:
        """Raise ClusterFailed if a part has ended."""
        for name, child in self._children.items():
            if child.poll() is not None:
                said = (self.folder / f"{name}.log").read_bytes()[-800:].decode("utf-8", "replace")
                raise ClusterFailed(f"{name} ended with {child.returncode}: {said}")

    def stop(self) -> None:
        """End all parts."""
        running = [(name, self._children.pop(name)) for name in _ORDER if name in self._children]
        for name, child in running:
            child.send_signal(signal.SIGKILL if name in _AT_ONCE else signal.SIGTERM)
        for _, child in running:
            try:
                child.wait(3)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def _start_api_server(self) -> None:
        for last in (*[False] * (_TRIES - 1), True):
            self.port = _free_port()
            self._spawn("etcd", components.etcd(self._programs, self.folder))
            self._spawn("apiserver", components.api_server(self._programs, self.folder, self.port))
            try:
                self._wait("its API server", lambda: self._status("/readyz") == 200)
            except ClusterFailed as error:
                self.stop()
                # Somebody else has taken the port in between.
                if _TAKEN not in str(error) or last:
                    raise
                shutil.rmtree(self.folder / "etcd")
                for socket_file in components.SOCKETS:
                    (self.folder / socket_file).unlink(missing_ok=True)
            else:
                return

    def _spawn(self, name: str, command: Sequence[str], *, cwd: Path | None = None, token: str = "") -> None:
        env = {key: os.environ[key] for key in _KEPT_ENV if key in os.environ} | {"GOMAXPROCS": "2"}
        with (self.folder / f"{name}.log").open("wb") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd or self.folder,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - the supervisor has no other thread
                start_new_session=True,
            )
        self._children[name] = child
        assert child.stdin is not None
        with child.stdin as given:
            given.write(token.encode())

    def _wait(self, what: str, there: Callable[[], bool]) -> None:
        end = time.monotonic() + _PATIENCE
        while True:
            self.check()
            try:
                if there():
                    return
            except (OSError, http.client.HTTPException):
                pass
            if time.monotonic() > end:
                raise ClusterFailed(f"{what} did not come within {_PATIENCE:.0f} s; its logs are in {self.folder}")
            threading.Event().wait(_STEP)

    def _status(self, path: str, token: str = "") -> int:
        context = ssl.create_default_context(cafile=str(self.ca_file))
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=2)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
            return connection.getresponse().status
        finally:
            connection.close()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port
