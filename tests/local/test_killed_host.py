"""The demo's story told to a host that is killed again and again."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from infra.local.demo import story
from infra.local.demo.shown import OnDisk
from infra.local.demo.team import Team
from infra.local.ledger import print_ledger
from tests.support.host_process import HostProcess

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("local-host")]


class Killer:
    """Kills the host the first time that a service's ledger shows a text, and starts it again."""

    def __init__(self, host: HostProcess, team: Team) -> None:
        self.host, self.team = host, team
        self.kills = 0

    def when(self, look: Callable[[], object], what: str) -> None:
        """Wait until there is something to see, then kill and start again."""
        self.team.expect(what, look)
        self.host.kill()
        self.kills += 1
        self.host.start()

    def phase(self, version: str, *phases: str) -> Callable[[], bool]:
        """Whether delivery's release is in one of the phases."""
        return lambda: self.team.release("delivery", version).get("phase") in phases

    def production(self, version: str, kind: str, *phases: str) -> Callable[[], bool]:
        """Whether delivery's promotion to production is in one of the phases."""
        return lambda: self.team.promotion("delivery", version, "production", kind).get("phase") in phases


def test_a_host_that_is_killed_five_times_ends_where_an_unharmed_one_does(tmp_path: Path) -> None:
    """While building, packaging, deploying, rolling back and with a push made while nobody listened."""
    proofs: list[str] = []
    with HostProcess(tmp_path / "host") as host:
        host.wait_until_ready()
        origin = host.folder / "origin.git"
        team = Team(f"http://127.0.0.1:{host.kept()['port']}", host.keys(), origin, tmp_path / "copy")
        killer = Killer(host, team)
        first_release(killer, proofs)
        failing_release(killer, proofs)
        host.kill()
        team.push("release/delivery/v1.1.1", change=story.append("src/shipping/delivery/plan.py", "\n# 3\n"))
        host.start()
        answer_for_the_pusher(team, "1.1.1")
        story.next_version_passes(team, proofs.append)
        story.hotfix_while_another_waits(team, proofs.append)
        story.ledger_holds(team, proofs.append)
        code = host.stop()

    assert code == 0
    assert killer.kills == 4
    assert host.left_over == []
    assert len(proofs) == 13


@pytest.mark.real("azurite")
def test_a_host_on_azurite_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    """What was written is in Azurite, which ends with its host and is started again with it; the rest is the demo's to prove."""
    proofs: list[str] = []
    with HostProcess(tmp_path / "host", store="azurite") as host:
        host.wait_until_ready()
        team = Team(
            f"http://127.0.0.1:{host.kept()['port']}", host.keys(), host.folder / "origin.git", tmp_path / "copy"
        )
        killer = Killer(host, team)
        first_release(killer, proofs)
        story.ledger_holds(team, proofs.append)
        printed = ledger_of(host.folder)
        code = host.stop()

    assert code == 0
    assert killer.kills == 2
    assert host.left_over == []
    assert len(proofs) == 10
    assert ledger_of(host.folder) == printed


def ledger_of(folder: Path) -> str:
    """Print delivery's ledger, whether a host runs on the folder or not."""
    printed = StringIO()
    assert print_ledger(folder, "shipping~delivery", printed) == 0
    return printed.getvalue()


def answer_for_the_pusher(team: Team, version: str) -> None:
    """Olga says who pushed while nobody listened: the tick finds the push, and no hook has named anybody."""
    team.expect(f"v{version} waits for approval", lambda: team.request("delivery", version))
    said = {"version": version, "gate": "authors", "author": "ada@example.com", "reason": "she told us"}
    path = "/api/services/delivery/environments/production/override"
    assert team.operator.post(path, said, idempotency_key="who-pushed").status == 200


def first_release(killer: Killer, proofs: list[str]) -> None:
    """Up to v1.0.0 in production, with a kill while the branch is built and one while the release is packaged."""
    team, plan = killer.team, "src/shipping/delivery/plan.py"
    team.push("feature/delivery/express-first", change=story.append(plan, "\n# 1\n"))
    killer.when(lambda: team.read("/api/services/delivery").status == 200, "the service is known")
    story.feature_branch(team, proofs.append)
    team.push("release/delivery/v1.0.0", change=story.append(plan, "\n# 2\n"))
    killer.when(killer.phase("1.0.0", "Packaging", "Packaged"), "v1.0.0 is being packaged")
    story.first_release(team, proofs.append)
    story.copied_by_digest(team, OnDisk(killer.host.folder), proofs.append)
    story.package_meanwhile(team, proofs.append)


def failing_release(killer: Killer, proofs: list[str]) -> None:
    """v1.1.0 fails and goes back, with a kill on the way there and one on the way back."""
    team = killer.team
    bad = story.append("charts/delivery/values-production.yaml", 'env: {FAIL_ROLLOUT: "true"}\n')
    team.push("release/delivery/v1.1.0", change=bad)
    team.approve("delivery", "1.1.0")
    under_way = killer.production("1.1.0", "forward", "Retagging", "Deploying", "Verifying", "Failed")
    killer.when(under_way, "v1.1.0 is on its way")
    killer.when(
        killer.production("1.1.0", "rollback", "Waiting", "Deploying", "Verifying", "RolledBack"), "it goes back"
    )
    story.failing_release(team, proofs.append)
