"""`make cluster`: a control plane for people, in the foreground."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.asked_to_stop import AskedToStop
from infra.local.azurite.program import CannotInstall
from tests.support.cluster.control_plane import ClusterFailed
from tests.support.cluster.shared import Cluster, cluster, stop_at_once
from tests.support.machine import kube
from tests.support.run import processes

_LOOK = 0.5


@contextmanager
def one_for_use() -> Iterator[Cluster]:
    """A control plane that ends with the block; its programs are built where they are missing. Raise CannotInstall, ClusterFailed."""
    with cluster(kube.find() or kube.build(), f"use-{os.getpid()}") as made:
        try:
            yield made
        finally:
            stop_at_once(made)


def up() -> int:
    """Say how it is used, and keep it until it is told to end."""
    try:
        with AskedToStop() as stop, one_for_use() as made:
            print(_instructions(made), flush=True)
            while not stop.wait(_LOOK):
                if not processes.runs(made.pids["supervisor"]):
                    print("The control plane has ended.", file=sys.stderr)
                    return 1
            print("Stopping.", flush=True)
    except (CannotInstall, ClusterFailed) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def kubectl() -> Path:
    """The kubectl that PyPI has for this Python, of the control plane's version, else the machine's."""
    own = Path(sys.executable).with_name("kubectl")
    return own if own.exists() else Path(shutil.which("kubectl") or own)


def _instructions(made: Cluster) -> str:
    command = shlex.quote(str(kubectl()))
    return f"""\
A control plane runs at {made.server}: etcd, API server, controller manager, scheduler and three pretended nodes.
Pods are played, no image is run: the annotations of tests/support/fake_kubelet, or how an image's tag ends, say what becomes of one.

  export KUBECONFIG={shlex.quote(str(made.kubeconfig("admin")))}
  {command} get nodes
  {command} create deployment shop --image=shop:v1.0.0           # gets ready
  {command} create deployment broken --image=shop:v1.0.0-crash   # crash, oom, pull-error, create-error, never-ready

Ctrl-C stops it and removes all of it."""
