"""`make demo`."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from infra.local.client import Client
from infra.local.demo import story
from infra.local.demo.team import StoryBroken, Team
from infra.local.demo.timeline import Timeline
from infra.local.folder import AZURITE, Folder
from infra.local.machine import Machine
from infra.local.sample import REPOSITORY, make_origin


def steps(team: Team, folder: Folder) -> list[Callable[[story.Proof], None]]:
    """The story in order; each step proves something or raises StoryBroken."""
    return [
        lambda proven: story.feature_branch(team, proven),
        lambda proven: story.first_release(team, proven),
        lambda proven: story.copied_by_digest(team, folder.environments, proven),
        lambda proven: story.package_meanwhile(team, proven),
        lambda proven: story.failing_release(team, proven),
        lambda proven: story.next_version_passes(team, proven),
        lambda proven: story.hotfix_while_another_waits(team, proven),
        lambda proven: story.ledger_holds(team, proven),
    ]


def run_demo(root: Path, store: str | None = None) -> int:
    """Tell the story from the beginning and say what was proven; 0 only if all of it was."""
    folder = Folder(root)
    _begin_anew(folder)
    make_origin(folder.origin)
    proofs: list[str] = []
    with Machine(folder, repository=REPOSITORY, source=folder.origin, port=0, store=store) as machine:
        keys = {person.name: person.key for person in machine.people}
        team = Team(machine.url, keys, folder.origin, folder.root / "monorepo")
        timeline = Timeline(Client(machine.url, keys["Olga Operator"]), ("delivery", "package"))
        try:
            for step in steps(team, folder):
                step(proofs.append)
        except StoryBroken as error:
            timeline.stop()
            print(f"\nNot proven: {error}", file=sys.stderr)
            return 1
        timeline.stop()
    print("\nProven:")
    for proof in proofs:
        print(f"  ✓ {proof}")
    state = folder.storage if store == AZURITE else folder.database
    print(f"\nThe state is in {folder.root}: {state.name}, origin.git, environments.git, registry.")
    print(f"Look at it:  make up DIR={root} LINKS=1  (the page, the API, and v1.2.0 waiting for your approval)")
    print(f"             git -C {root}/environments.git log --stat")
    return 0


def _begin_anew(folder: Folder) -> None:
    """Take away what an earlier demo left, and nothing that is not a demo's."""
    if folder.root.exists() and any(folder.root.iterdir()) and not folder.started_before():
        raise SystemExit(f"{folder.root} holds something else; name an empty folder")
    lock = folder.take()
    shutil.rmtree(folder.root)
    os.close(lock)
