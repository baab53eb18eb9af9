"""Tests in a cluster that was there before: only where it may be lost, and nothing of them is left there. Ours stands for it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.kube import Kube
from tests.support.cluster.kubeconfig import NAME
from tests.support.cluster.names import CONTEXT, DISPOSABLE, PREFIX
from tests.support.cluster.shared import Cluster
from tests.support.tree import ROOT

pytestmark = pytest.mark.cluster
TESTS = "tests/cluster/test_control_plane.py"
PATIENCE = 180
ANOTHER_RUN = "slipway-test-0a1b2c3d"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def given(own_control_plane: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests are told of a context, by the name that its kubeconfig has for it."""
    monkeypatch.setenv("KUBECONFIG", str(own_control_plane.kubeconfig("admin")))
    monkeypatch.setenv(CONTEXT, NAME)
    monkeypatch.setenv(DISPOSABLE, "1")
    monkeypatch.delenv(PREFIX, raising=False)
    # A run of its own, and no part of this one.
    for name in [name for name in os.environ if name.startswith("PYTEST_")]:
        monkeypatch.delenv(name)


def run(*arguments: str, module: str = "pytest") -> subprocess.CompletedProcess[str]:
    """Run tests as whoever has such a cluster does."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)


def left(kube: Kube, prefix: str) -> list[str]:
    """What a run left: namespaces take some seconds to go, so what is going has gone."""
    namespaces = [one.metadata for one in kube.core.list_namespace().items if not one.metadata.deletion_timestamp]
    bindings = [one.metadata for one in kube.rbac.list_cluster_role_binding().items]
    return [one.name for one in (*namespaces, *bindings) if one.name.startswith(prefix)]


@pytest.mark.usefixtures("given")
@pytest.mark.parametrize("shared", ["-n0", "-n2"])
def test_tests_run_in_it_and_leave_nothing(kube: Kube, shared: str) -> None:
    """In one process and in several. What needs pods that are played says that it did not run."""
    done = run(TESTS, shared, "--dist", "loadgroup")

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\n=+ 2 passed, 10 skipped in .*=\n", done.stdout), done.stdout
    assert f"did not run: it needs a control plane of its own, and {CONTEXT} gives another" in done.stdout
    (prefix,) = re.findall(rf"What tests make in the cluster of {NAME} begins with (slipway-test-\w+)-\.", done.stdout)
    assert re.search(
        rf"Removed from the cluster of {NAME}: cluster role binding {prefix}-admin, namespace {prefix}-", done.stdout
    )
    assert left(kube, prefix) == []


@pytest.mark.usefixtures("given")
@pytest.mark.parametrize("end", ["assert not kube", "raise KeyboardInterrupt"])
def test_a_run_that_fails_leaves_nothing(kube: Kube, tmp_path: Path, end: str) -> None:
    """Whatever its tests made, and however they ended."""
    failing = tmp_path / "test_failing.py"
    failing.write_text(
        "from tests.cluster.conftest import *\n"
        "def test_it(kube):\n"
        "    kube.core.create_namespace({'metadata': {'name': new_name()}})\n"
        f"    {end}\n"
    )
    done = run("-c", "pyproject.toml", "-p", "tests.support.run.given_context", str(failing))

    assert done.returncode in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED), done.stdout + done.stderr
    (prefix,) = re.findall(r"begins with (slipway-test-\w+)-\.", done.stdout)
    assert len(re.findall(rf"namespace {prefix}-", done.stdout)) == 2
    assert left(kube, prefix) == []


@pytest.mark.usefixtures("given")
def test_what_a_killed_run_left_is_listed_and_removed(kube: Kube) -> None:
    """By whoever asks for it; nothing else is touched."""
    for name in (f"{ANOTHER_RUN}-1", "slipway-test-of-somebody"):
        kube.core.create_namespace({"metadata": {"name": name}})
    done = run("sweep", module="tests.support.cluster")

    assert done.returncode == 0, done.stderr
    assert f"Removed {ANOTHER_RUN}: namespace {ANOTHER_RUN}-1" in done.stdout
    assert left(kube, "slipway-test-") == ["slipway-test-of-somebody"]
    kube.core.delete_namespace("slipway-test-of-somebody")


@pytest.mark.usefixtures("given")
@pytest.mark.parametrize("said", ["", "0", "yes"])
def test_attack_a_cluster_that_nobody_said_may_be_lost(monkeypatch: pytest.MonkeyPatch, kube: Kube, said: str) -> None:
    """The run ends before anything is made, and says what to set."""
    monkeypatch.setenv(DISPOSABLE, said)
    done = run(TESTS)

    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"If nothing in it is worth keeping, set {DISPOSABLE}=1 as well; else unset {CONTEXT}." in done.stderr
    assert left(kube, "slipway-test-") == []


@pytest.mark.usefixtures("given")
def test_a_context_that_is_none_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not by each test."""
    monkeypatch.setenv(CONTEXT, "elsewhere")
    done = run(TESTS)

    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"{CONTEXT}: the cluster of elsewhere cannot be used: " in done.stderr + done.stdout
