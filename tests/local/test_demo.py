"""`make demo STORE=azurite`, from its entry point to its last line. On SQLite the same story is told to a host that is killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tree import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.real("azurite")]

PROOFS = 13


def test_the_whole_demo_runs_on_azurite(tmp_path: Path) -> None:
    """Everything is proven, and all state is in Tables and Queues."""
    folder = tmp_path / "demo"

    done = subprocess.run(
        [sys.executable, "-m", "infra.local", "demo", "--store", "azurite", "--dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("  ✓ ") == PROOFS
    assert f"The state is in {folder}: storage," in done.stdout
    assert list((folder / "storage").glob("__azurite_db_table__*"))
    assert not list(folder.rglob("*.db"))
