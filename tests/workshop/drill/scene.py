"""What a drill begins with: the sample monorepo with a configuration of its own, and every commit of the story, made once."""

from __future__ import annotations

import json
import random
import shutil
import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from infra.local.folder import FORMAT, SQLITE, Folder, KeptSettings, first_people, write_private
from infra.local.sample import REPOSITORY, git, make_origin

SERVICE = "delivery"
# Outside of the range that the kernel takes for outgoing connections: a host that starts again needs the same ones.
_PORTS = range(20_000, 32_000)
CONFIGURATION = """version: 1
services:
  delivery:
    path: src/shipping/delivery
    chart: charts/delivery
    triggers: {branches: {include: ["feature/*"]}, batch: false}
    build: {test: "python -m unittest"}
environments:
  qa:
    namespace: backend-qa
    on_first_failure: uninstall
    deploy: {gitops: {repository: environments.git, path: "{environment}/{service}"}}
  production:
    after: [qa]
    namespace: backend
    registry_namespace: prod
    approval: {approvers: ["release-manager@example.com"], minimum: 1, forbid: [author]}
    gates: {unknown_scan: allow}
    deploy: {gitops: {repository: environments.git, path: "{environment}/{service}"}}
"""
FILES: Mapping[str, str] = {"slipway.yaml": CONFIGURATION}
_PLAN, _ENDLESS = "src/shipping/delivery/plan.py", "src/shipping/delivery/tests/test_endless.py"
_HANGS = "import threading\nimport unittest\n\n\nclass Endless(unittest.TestCase):\n    def test_it_ends(self):\n        threading.Event().wait()\n"
_FAILS = 'env: {FAIL_ROLLOUT: "true"}\n'


class Scene:
    """The story's commits by name, and the folder from which each run's own is copied.

    `files` are beside the sample's; `fails` are values that make a deployment fail.
    """

    def __init__(self, folder: Path, *, files: Mapping[str, str] = FILES, fails: str = _FAILS) -> None:
        self._fails = fails
        self._origin, self.team = folder / "origin.git", folder / "monorepo"
        self.commits: Mapping[str, str] = {}
        # The same in each run's folder, which holds no key.
        self.people = first_people()
        shutil.rmtree(folder, ignore_errors=True)
        make_origin(self._origin)
        git(folder, "clone", "--quiet", str(self._origin), str(self.team))
        for path, text in files.items():
            (self.team / path).write_text(text, encoding="utf-8")
        self._commit("Say how to release")
        git(self.team, "push", "--quiet", "origin", "HEAD:refs/heads/main")
        git(self.team, "fetch", "--quiet", "origin")
        self.commits = self._commits()

    def begin(self, root: Path, disk: Path) -> Folder:
        """Make a folder on that disk in which no host was ever started; the team's repository lies below `root`."""
        folder = Folder(disk / "host")
        folder.root.mkdir(parents=True)
        origin = root / "origin.git"
        shutil.copytree(self._origin, origin)
        port, registry_port = _free_ports()
        kept = KeptSettings(
            hook_secret="drill-hook-secret",
            registry_secret="drill-registry-secret",
            host_key="drill-host-key",
            port=port,
            registry_port=registry_port,
            repository=REPOSITORY,
            source=str(origin.resolve()),
            store=SQLITE,
            format=FORMAT,
        )
        write_private(folder.root / "host.json", json.dumps(asdict(kept)))
        folder.keep_people(self.people)
        return folder

    def _commits(self) -> Mapping[str, str]:
        more = self._append(_PLAN, "\n# {}\n")
        return {
            "feature": self._from_main("Say what comes first", more),
            "1.0.0 hangs": self._from_main("Prepare 1.0.0", self._append(_ENDLESS, _HANGS)),
            "1.0.0": self._after("Take the endless test out", self._without_endless),
            "1.0.1": self._from_main("Prepare 1.0.1", more),
            "1.1.0": self._from_main(
                "Prepare 1.1.0", self._append("charts/delivery/values-production.yaml", self._fails)
            ),
            "1.2.0": self._from_main("Prepare 1.2.0", more),
        }

    def _from_main(self, why: str, *changes: Callable[[str], None]) -> str:
        git(self.team, "checkout", "--quiet", "--detach", "origin/main")
        return self._after(why, *changes)

    def _after(self, why: str, *changes: Callable[[str], None]) -> str:
        for change in changes:
            change(why)
        return self._commit(why)

    def _without_endless(self, why: str) -> None:
        (self.team / _ENDLESS).unlink()
        # The first deployment of all fails, so that it is taken out again.
        self._append("charts/delivery/values-qa.yaml", self._fails)(why)

    def _append(self, path: str, text: str) -> Callable[[str], None]:
        def change(why: str) -> None:
            with (self.team / path).open("a", encoding="utf-8") as file:
                file.write(text.replace("{}", why))

        return change

    def _commit(self, why: str) -> str:
        git(self.team, "add", "--all")
        git(self.team, "commit", "--quiet", "-m", why)
        return git(self.team, "rev-parse", "HEAD")


def _free_ports() -> list[int]:
    found: list[int] = []
    while len(found) < 2:
        port = random.SystemRandom().choice(_PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if port not in found and probe.connect_ex(("127.0.0.1", port)) != 0:
                found.append(port)
    return found
