"""What docs/api.md says to copy does what it says, at a real local host.

The host serves a linked work tree of a repository whose path has a blank, as whoever tries it out may well have it.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.demo import story
from infra.local.demo.team import Team
from infra.local.sample import git, make_origin
from tests.support.documents import API, LOCAL, section
from tests.support.host_process import HostProcess

pytestmark = [pytest.mark.real("curl"), pytest.mark.slow, pytest.mark.xdist_group("local-host")]
BROKEN = "\nimport unittest\n\nclass Broken(unittest.TestCase):\n    def test_it(self) -> None:\n        self.fail()\n"


class Shell:
    """Runs what the section says, as a person."""

    def __init__(self, url: str, keys: dict[str, str]) -> None:
        blocks = re.findall(r"^```sh\n(.*?)^```", section(API, "To copy: what people do"), re.M | re.S)
        self._first, commands = blocks
        self._url, self._keys = url, keys
        self.commands: dict[str, str] = dict(re.findall(r"^# (.+)\n((?:[^#\n].*\n)+)", commands, re.M))
        self.left = set(self.commands)

    def __call__(self, what: str, who: str, version: str = "1.0.0") -> Any:
        """Run the one command whose line of words begins so, and return its last answer."""
        [name] = [one for one in self.commands if one.startswith(what)]
        self.left.discard(name)
        first = self._first.replace("http://127.0.0.1:7071", self._url).replace("VERSION=1.0.0", f"VERSION={version}")
        return json.loads(self.run(f"{first}\n{self.commands[name]}", who).strip().splitlines()[-1])

    def run(self, script: str, who: str) -> str:
        """Run it where a person would paste it."""
        script = script.replace("KEY=...", f"KEY={self._keys[who]}")
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def host(tmp_path: Path) -> Iterator[HostProcess]:
    """A host of its own."""
    make_origin(tmp_path / "sample.git")
    git(tmp_path, "clone", "--quiet", "sample.git", "our shop")
    git(tmp_path / "our shop", "worktree", "add", "--quiet", "-b", "feature/x", str(tmp_path / "beside it"))
    with HostProcess(tmp_path / "host", repo=tmp_path / "beside it") as started:
        started.wait_until_ready()
        yield started


def test_every_command_to_copy_does_what_it_says(host: HostProcess, tmp_path: Path) -> None:
    """In one story: two releases, an older one, a rollback, a failed build, and a stop."""
    url = f"http://127.0.0.1:{host.kept()['port']}"
    team = Team(url, host.keys(), tmp_path / "our shop", tmp_path / "copy")
    shell = Shell(url, host.keys())
    rita, olga = "Rita Manager", "Olga Operator"
    assert f"The page: {url}/\n" in host.log.read_text(encoding="utf-8")
    assert f"Push to it: git clone '{tmp_path / 'our shop'}'\n" in host.log.read_text(encoding="utf-8")

    release(team, "1.0.0")
    [line] = [one for one in section(LOCAL, "Your first release").splitlines() if one.startswith("curl ")]
    why = json.loads(shell.run(f"KEY=...\n{line}".replace("http://127.0.0.1:7071", url), rita))
    assert shell("what a version waits for", rita) == why
    assert [one["code"] for one in why["blockers"]] == ["ApprovalNeeded"]
    assert shell("an approver says yes", rita)["release"]["promotions"][1]["approval"]["votes"][0]["comment"]
    team.expect("1.0.0 is live", lambda: team.live_version("delivery", "production") == "1.0.0")
    assert {one["service"] for one in shell("everything, page by page", rita)["services"]} == {"delivery", "package"}

    release(team, "1.1.0")
    assert shell("an operator lets a version past", olga, "1.1.0")["release"]["overrides"][0]["gate"] == "scan"
    shell("an approver says yes", rita, "1.1.0")
    team.expect("1.1.0 is live", lambda: team.live_version("delivery", "production") == "1.1.0")

    release(team, "1.0.1")
    assert shell("an approver says no", rita, "1.0.1")["release"]["phase"] == "Rejected"
    assert (
        team.promotion("delivery", "1.0.1", "production")["reason"]
        == "rejected by Rita Manager: not before the holidays"
    )
    brought = shell("an operator brings a version", olga, "1.0.1")
    assert "production runs 1.1.0; this deploys the older 1.0.1" in brought["notes"]
    assert shell("an operator goes back", olga)["outcome"] == "moved"
    team.expect("1.0.0 is live again", lambda: team.live_version("delivery", "production") == "1.0.0")

    team.push("release/delivery/v1.2.0", change=story.append("src/shipping/delivery/test_plan.py", BROKEN))
    team.expect("1.2.0 failed", lambda: team.release("delivery", "1.2.0").get("phase") == "Failed")
    assert shell("an operator has a failed version built", olga, "1.2.0")["release"]["phase"] == "Packaging"
    assert shell("an operator stops everything", olga)["hold"]["id"] == "stop"
    assert shell.left == set()


def release(team: Team, version: str) -> None:
    """Push a version, and wait until production asks."""
    team.push(f"release/delivery/v{version}", change=story.append("src/shipping/delivery/plan.py", f"\n# {version}\n"))
    team.expect(f"{version} waits for an approval", lambda: team.request("delivery", version))
