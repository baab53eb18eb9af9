"""The load command for some seconds: a real host, real git, and every push found in a ledger."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.sample import git
from tests.support.host import wait_until
from tests.support.mortal import processes_of
from tests.support.tree import ROOT
from tests.workshop.load.command import run_load
from tests.workshop.load.monorepo import Refs, make_origin, make_pushes

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("local-host")]


def test_every_push_of_some_seconds_is_accounted_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At the rate of the long run; it says what was replaced, and ends with 0."""
    out = tmp_path / "load.json"

    code = run_load(tmp_path / "load", 0.1, 1000, out)

    said = capsys.readouterr().out
    figures = json.loads(out.read_text(encoding="utf-8"))
    account = figures["account"]
    assert code == 0, said
    assert "builds report at once" in said
    assert sum(row["accepted"] for row in figures["rows"]) <= 100
    assert account["decided"] + account["batched"] + account["skipped"] + account["overtaken"] >= 100
    assert [account[fault] for fault in ("missing", "twice", "broken")] == [[], [], []]
    assert {one["name"]: one["held"] for one in figures["held"]} == {
        "every push answered": True,
        "memory flat": None,
        "no queue growing": None,
        "queues empty": True,
        "every push accounted for": True,
    }


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    """It would be cleared."""
    (tmp_path / "thesis.txt").write_text("years of work")

    with pytest.raises(SystemExit, match="holds something else"):
        run_load(tmp_path, 0.1, 1000, tmp_path / "load.json")

    assert (tmp_path / "thesis.txt").exists()


def test_the_host_ends_when_whoever_started_it_is_killed(tmp_path: Path) -> None:
    """No host is left behind by a run that was cut short."""
    command = [sys.executable, "-m", "tests.workshop", "load", "--dir", str(tmp_path / "load"), "--minutes", "1"]
    with subprocess.Popen(
        [*command, "--out", str(tmp_path / "load.json")], cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(4)]
        began = len(processes_of(process.pid))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        wait_until(lambda: not processes_of(process.pid))

    assert said[0].startswith(b"1000 pushes")
    assert began >= 2


def test_commits_are_there_before_their_branches_move(tmp_path: Path) -> None:
    """Each push is a real commit on top of the one before; moving a branch from elsewhere is refused."""
    origin = tmp_path / "origin.git"
    make_origin(origin)
    pushes = make_pushes(origin, 300)
    heads = git(origin, "for-each-ref", "--format=%(refname)", "refs/heads/")
    refs = Refs(origin)
    for push in pushes:
        refs.move(push)
    refs.close()

    assert heads == "refs/heads/main"
    last = {push.ref: push.commit for push in pushes}
    tips = dict(
        line.split()
        for line in git(origin, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/").splitlines()
    )
    assert tips == last
    assert len({push.commit for push in pushes}) == 300
    assert {len(push.services) for push in pushes} == {1, 2}
    assert any(push.ref.startswith("refs/heads/release/") for push in pushes)
    again = Refs(origin)
    with pytest.raises(RuntimeError, match="did not move"):
        again.move(pushes[0])
    again.close()
