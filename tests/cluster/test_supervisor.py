"""A control plane is shared by the processes of a run, known to nobody else, and gone when they are."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.kube import Kube
from tests.support.cluster.shared import Cluster, cluster, stop_at_once
from tests.support.host import wait_until
from tests.support.machine import kube as programs
from tests.support.run import processes
from tests.support.tree import ROOT

pytestmark = [pytest.mark.cluster, pytest.mark.slow]
PATIENCE = 120
PARTS = {"supervisor", "etcd", "apiserver", "controller-manager", "scheduler", "fakelet"}
CLIENT = """
import sys
from pathlib import Path
from tests.support.cluster.shared import cluster
with cluster(Path(sys.argv[1]), sys.argv[2]) as found:
    print(found.server, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def run_id(own_control_plane: Cluster) -> str:
    """A run that nobody else is of; the programs are there by now."""
    return f"tried-{uuid.uuid4().hex[:8]}"


def folder_of(own: Cluster, run_id: str) -> Path:
    """Where a run keeps its control plane."""
    return own.folder.with_name(f"slipway-kube-{os.getuid()}-{run_id}")


def lock_of(folder: Path) -> Path:
    """What its processes hold while they start it."""
    return folder.with_name(f"{folder.name}.lock")


def assets() -> Path:
    """The programs."""
    found = programs.find()
    assert found is not None
    return found


def client(run_id: str) -> subprocess.Popen[str]:
    """Another process of a run, which uses it until its standard input ends."""
    command = [sys.executable, "-c", CLIENT, str(assets()), run_id]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_processes_of_a_run_share_one_that_goes_with_the_last(own_control_plane: Cluster, run_id: str) -> None:
    """One client is killed and becomes a zombie, which is listed and runs no more; folder and lock are gone at the end."""
    both = [client(run_id), client(run_id)]
    servers = {one.stdout.readline() for one in both if one.stdout}
    folder = folder_of(own_control_plane, run_id)
    state = json.loads((folder / "state.json").read_text())

    assert len(servers) == 1
    both[0].kill()  # nobody waits for it yet
    both[1].communicate()
    wait_until(lambda: not folder.exists() and not lock_of(folder).exists())
    wait_until(lambda: not any(map(processes.runs, state["pids"].values())))
    both[0].communicate()


def test_attack_kill_the_supervisor(own_control_plane: Cluster, run_id: str) -> None:
    """All parts die with it, and the next that asks gets a new one, in which nothing of the other is."""
    with cluster(assets(), run_id) as first:
        with Kube(first.server, first.ca_file, first.token("admin")) as asked:
            asked.core.create_namespace({"metadata": {"name": "of-the-first"}})
        os.kill(first.pids["supervisor"], signal.SIGKILL)
        wait_until(lambda: not any(map(processes.runs, first.pids.values())))
    with cluster(assets(), run_id) as second:
        with Kube(second.server, second.ca_file, second.token("admin")) as asked:
            names = {one.metadata.name for one in asked.core.list_namespace().items}
        stop_at_once(second)

    assert first.pids.keys() == second.pids.keys() == PARTS
    assert "of-the-first" not in names
    assert not folder_of(own_control_plane, run_id).exists()


def test_what_a_killed_supervisor_left_is_removed_by_the_next_run(own_control_plane: Cluster, run_id: str) -> None:
    """It lies in memory. What runs, or failed a moment ago, is left alone."""
    dead, failed = folder_of(own_control_plane, run_id), folder_of(own_control_plane, f"{run_id}-failed")
    for folder in (dead, failed):
        (folder / "etcd").mkdir(parents=True)
        lock_of(folder).touch()
    (failed / "error").write_text("etcd ended with 1")
    used = Path(own_control_plane.folder.name.rpartition("-")[2])
    with cluster(assets(), str(used)) as again:
        assert again.pids == own_control_plane.pids
    found = [folder.exists() for folder in (dead, failed, own_control_plane.folder)]
    (failed / "error").unlink()
    with cluster(assets(), str(used)):
        pass

    assert found == [False, True, True]
    assert not failed.exists()


def test_attack_read_tokens_as_another_user(own_control_plane: Cluster) -> None:
    """They lie in files of this user alone, and in no command line or environment that `ps` shows."""
    folder = own_control_plane.folder
    tokens = [own_control_plane.token(name).encode() for name in own_control_plane.state["tokens"]]
    holding = [path for path in folder.glob("*") if path.is_file() and any(one in path.read_bytes() for one in tokens)]
    shown = [Path(f"/proc/{pid}", name) for pid in own_control_plane.pids.values() for name in ("cmdline", "environ")]

    assert {"state.json", "tokens.csv", "admin.kubeconfig"} <= {path.name for path in holding}
    assert [path.name for path in holding if stat.S_IMODE(path.stat().st_mode) != 0o600] == []
    assert [str(path) for path in shown if any(one in path.read_bytes() for one in tokens)] == []


def test_nothing_but_the_api_server_listens(own_control_plane: Cluster) -> None:
    """On loopback, and the fake kubelet's logs, which ask for a certificate; etcd has no port at all."""
    listening = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True).stdout
    found = {name: re.findall(rf"(\S+):\d+ .*pid={pid},", listening) for name, pid in own_control_plane.pids.items()}

    assert {name: hosts for name, hosts in found.items() if hosts} == {
        "apiserver": ["127.0.0.1"],
        "fakelet": ["127.0.0.1"],
    }


@pytest.fixture
def foreground(own_control_plane: Cluster) -> Iterator[subprocess.Popen[str]]:
    """What `make cluster` runs."""
    command = [sys.executable, "-m", "tests.support.cluster", "up"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        yield running
        running.kill()


def test_make_cluster_serves_kubectl_until_ctrl_c_and_leaves_nothing(foreground: subprocess.Popen[str]) -> None:
    """Each command that it prints works as it is."""
    assert foreground.stdout is not None
    said = "".join(iter(foreground.stdout.readline, "Ctrl-C stops it and removes all of it.\n"))
    commands = [line.strip() for line in said.splitlines() if line.startswith("  ")]
    done = subprocess.run(["sh", "-ec", "\n".join(commands)], capture_output=True, text=True, timeout=PATIENCE)
    (config,) = re.findall(r"export KUBECONFIG=(\S+)", said)
    foreground.send_signal(signal.SIGINT)

    assert done.returncode == 0, done.stderr
    assert done.stdout.count(" Ready ") == 3
    assert "deployment.apps/broken created" in done.stdout
    assert foreground.wait(PATIENCE) == 0
    assert not Path(config).parent.exists()
    assert not lock_of(Path(config).parent).exists()
