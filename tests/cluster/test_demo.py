"""`make demo CLUSTER=1`, from its entry point to its last line: the story is deployed by Helm, and Helm and kubectl say so too."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.tree import ROOT

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.usefixtures("own_control_plane")]

PROOFS = 17
# The first deployment, then one for each version that people let through or that went back.
PRODUCTION = ["1.0.0", "1.1.0", "1.0.0", "1.1.1", "1.0.1"]


def test_the_whole_demo_runs_on_a_cluster(tmp_path: Path) -> None:
    """Everything is proven; Helm's history holds each version in order, and kubectl shows the change-cause of each rollout."""
    done = subprocess.run(
        ["make", "--no-print-directory", "demo", "CLUSTER=1", f"DIR={tmp_path / 'demo'}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("  ✓ ") == PROOFS
    history = done.stdout.partition("  production: helm history delivery")[2].partition("  production: helm")[0]
    assert re.findall(r"^ +\d+ +\w+ +delivery-(\S+)", history, re.M) == PRODUCTION
    assert re.search(r"^ +5 +deployed ", history, re.M)
    assert "kubectl --context production --namespace backend rollout history deployment/delivery" in done.stdout
    assert len(re.findall(r"^  \d+ +\S", done.stdout.partition("rollout history")[2], re.M)) == len(PRODUCTION) - 1
