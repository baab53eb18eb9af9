"""The crash drill itself: a shortened one, and whether it notices what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tree import ROOT
from tests.workshop.drill.boundaries import KINDS, Death, Place
from tests.workshop.drill.run import Plan, Told, tell
from tests.workshop.drill.scene import Scene

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("local-host")]

CARELESS = "tests.workshop.drill.careless_host"
PATIENCE = 15.0


def test_the_short_drill_kills_tears_and_starves_without_harm(tmp_path: Path) -> None:
    """Each kind of work dies once and each place occurs; a write is torn; the disk is full for a while."""
    command = [sys.executable, "-m", "tests.workshop", "drill", "--short", "--dir", str(tmp_path / "drill")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    trials = done.stdout.partition(" trials:\n")[2]
    assert [kind for kind in KINDS if kind not in trials] == []
    assert [place for place in Place if place not in trials] == []
    assert "torn write" in trials
    assert ("full disk" in trials and "NOT run" not in trials) or os.geteuid() != 0
    assert list((tmp_path / "drill").glob("*/host")) == [
        tmp_path / "drill" / "undisturbed" / "host",
        tmp_path / "drill" / "undisturbed-again" / "host",
    ]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """The commits of the story."""
    return Scene(tmp_path_factory.mktemp("drill") / "scene")


@pytest.fixture(scope="module")
def undisturbed(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The story as it should end."""
    told = tell(scene, tmp_path_factory.mktemp("undisturbed") / "run")
    assert told.problems == []
    return told


def test_an_adapter_that_acts_without_looking_is_noticed(
    scene: Scene, undisturbed: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it wrote a second time stands in environments.git."""
    monkeypatch.setenv("CARELESS", "applier")
    death = Death(kind="deploy", place=Place.AFTER_ACT)

    told = tell(scene, tmp_path / "run", Plan(deaths=[death], module=CARELESS))

    assert told.kills == 1
    assert "deploy" in {kind for kind, _ in told.twice()}
    assert [said.partition(":")[0] for said in told.against(undisturbed.end)] == ["environments.git", "written"]


def test_a_report_that_is_lost_is_noticed(
    scene: Scene, undisturbed: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The story does not come to its end."""
    monkeypatch.setenv("CARELESS", "store")
    death = Death(kind="retag", place=Place.BEFORE_REPORT)

    told = tell(scene, tmp_path / "run", Plan(deaths=[death], module=CARELESS, patience=PATIENCE))

    assert told.kills == 1
    assert told.problems[0] == "in vain for 15 s: v1.0.1 is Released"
