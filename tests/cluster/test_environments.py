"""A command that deploys to environments of a control plane: it is told of them as an installation is, and leaves nothing."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.host import wait_until
from tests.support.tree import ROOT

pytestmark = [pytest.mark.cluster, pytest.mark.slow]
PATIENCE = 120
# What the command finds, and whether its kubectl may do something elsewhere.
ASKS = """
import json, os, subprocess, sys
from shared.cluster_settings import ClusterSettings

def may(*words):
    return subprocess.run(["kubectl", *words], capture_output=True, text=True).stdout.strip()

known = ClusterSettings.from_env(os.environ).known
print(json.dumps({
    "names": sorted(known),
    "tokens": len({one.token_file.read_text() for one in known.values()}),
    "own": may("--context", "qa", "-n", "backend-qa", "auth", "can-i", "create", "deployments"),
    "other": may("--context", "qa", "-n", "backend", "auth", "can-i", "get", "secrets"),
    "folder": str(known["qa"].token_file.parent),
    "arguments": sys.argv[1:],
}))
sys.exit(7)
"""


def run(*command: str) -> subprocess.Popen[str]:
    """Run a command as `make demo CLUSTER=1` does."""
    tool = [sys.executable, "-m", "tests.support.cluster", "run", "qa=backend-qa", "production=backend", "--"]
    return subprocess.Popen([*tool, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.usefixtures("own_control_plane")
def test_each_environment_has_a_token_of_its_own_that_is_worth_nothing_in_the_other() -> None:
    """Namespaces and Roles are what `make rbac` prints. The command's words and exit code are its own."""
    with run(sys.executable, "-c", ASKS, "--cluster", "a b") as running:
        said, _ = running.communicate(timeout=PATIENCE)
    found = json.loads(said.splitlines()[-1])
    folder = Path(found.pop("folder"))

    assert running.returncode == 7
    assert found == {
        "names": ["production", "qa"],
        "tokens": 2,
        "own": "yes",
        "other": "no",
        "arguments": ["--cluster", "a b"],
    }
    assert not folder.exists()


@pytest.mark.usefixtures("own_control_plane")
def test_attack_kill_it_while_the_command_runs(tmp_path: Path) -> None:
    """The command dies with it, and so does the control plane, whose store lies in memory."""
    note = tmp_path / "noted"
    script = (
        f"import os, pathlib, time; pathlib.Path({str(note)!r}).write_text(os.environ['KUBECONFIG']); time.sleep(600)"
    )
    with run(sys.executable, "-c", script) as running:
        wait_until(lambda: note.exists() and note.read_text(), patience=PATIENCE)
        running.send_signal(signal.SIGKILL)
    folder = Path(note.read_text()).parent

    wait_until(lambda: not folder.exists())
