"""`make demo`."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from infra.local.asked_to_stop import AskedToStop
from infra.local.client import Client
from infra.local.demo import story
from infra.local.demo.shown import OnCluster, OnDisk, StoryShown
from infra.local.demo.team import StoryBroken, Team
from infra.local.demo.timeline import Timeline
from infra.local.folder import AZURITE, Folder
from infra.local.links import tell_links
from infra.local.machine import Machine
from infra.local.sample import REPOSITORY, make_origin
from shared.cluster_settings import ClusterSettings


def steps(team: Team, shown: StoryShown) -> list[Callable[[story.Proof], None]]:
    """The story in order; each step proves something or raises StoryBroken."""
    return [
        lambda proven: story.feature_branch(team, proven),
        lambda proven: story.first_release(team, proven),
        lambda proven: story.copied_by_digest(team, shown, proven),
        lambda proven: story.package_meanwhile(team, proven),
        lambda proven: story.failing_release(team, proven),
        lambda proven: story.next_version_passes(team, proven),
        lambda proven: story.hotfix_while_another_waits(team, proven),
        lambda proven: story.what_runs(team, shown, proven),
        lambda proven: story.ledger_holds(team, proven),
    ]


def run_demo(root: Path, store: str | None = None, *, cluster: bool = False, stay: bool = False) -> int:
    """Tell the story from the beginning and say what was proven; 0 only if all of it was.

    `cluster`: deploy by Helm to the clusters of SLIPWAY_CLUSTERS. `stay`: go on serving until Ctrl-C.
    """
    folder = Folder(root)
    shown: StoryShown = OnCluster(ClusterSettings.from_env(os.environ)) if cluster else OnDisk(root)
    _begin_anew(folder)
    make_origin(folder.origin, by_helm=cluster)
    with Machine(folder, repository=REPOSITORY, source=folder.origin, port=0, store=store) as machine:
        code = _tell(machine, shown)
        if stay:
            _serve(machine)
    return code


def _tell(machine: Machine, shown: StoryShown) -> int:
    folder, proofs = machine.folder, list[str]()
    keys = {person.name: person.key for person in machine.people}
    team = Team(machine.url, keys, folder.origin, folder.root / "monorepo")
    timeline = Timeline(Client(machine.url, keys["Olga Operator"]), ("delivery", "package"))
    try:
        for step in steps(team, shown):
            step(proofs.append)
    except StoryBroken as error:
        timeline.stop()
        print(f"\nNot proven: {error}", file=sys.stderr)
        return 1
    timeline.stop()
    print("\nProven:")
    for proof in proofs:
        print(f"  ✓ {proof}")
    state = folder.storage if machine.kept.store == AZURITE else folder.database
    print(f"\nThe state is in {folder.root}: {state.name}, origin.git, environments.git, registry.")
    for line in shown.report():
        print(line)
    return 0


def _serve(machine: Machine) -> None:
    """Keep all of it for people to look at."""
    with AskedToStop() as stop:
        print()
        tell_links(machine.url, machine.people)
        print("Ctrl-C stops it.", flush=True)
        stop.wait()


def _begin_anew(folder: Folder) -> None:
    """Take away what an earlier demo left, and nothing that is not a demo's."""
    if folder.root.exists() and any(folder.root.iterdir()) and not folder.started_before():
        raise SystemExit(f"{folder.root} holds something else; name an empty folder")
    lock = folder.take()
    shutil.rmtree(folder.root)
    os.close(lock)
