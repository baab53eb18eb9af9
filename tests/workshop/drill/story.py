"""The story of a drill: short, and with every kind of effect in it. Told again after a crash, it finds done what was done."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from infra.local.client import Client
from infra.local.demo.team import StoryBroken, Team
from infra.local.sample import ADA, git, run_git
from tests.workshop.drill.process import MortalHost
from tests.workshop.drill.scene import SERVICE, Scene

T = TypeVar("T")
PATIENCE = 60.0
_LOOK = 0.03
_UNHEARD, _NOWHERE = "was not told", "0" * 40
VERSIONS = ("1.0.0", "1.0.1", "1.1.0", "1.2.0")


class Teller:
    """Pushes the story's commits, and is the people in it."""

    def __init__(self, scene: Scene, host: MortalHost, patience: float = PATIENCE) -> None:
        self.scene, self.host, self._patience = scene, host, patience
        self.keys = {person.name: person.key for person in scene.people}
        self.origin = Path(json.loads((host.folder.root / "host.json").read_text(encoding="utf-8"))["source"])
        self.team = Team(host.url, self.keys, self.origin, scene.team, patience=patience)
        self.operator: Client = self.team.operator

    def push(self, branch: str, commit: str) -> None:
        """Push a commit that was made before, unless the branch has it or what follows it.

        Services send a hook again where nobody heard it; else it would be unknown who pushed.
        """
        history, pushed = self._history(branch), self.scene.commits[commit]
        if pushed in history:
            return
        told = run_git(self.scene.team, "push", "--quiet", str(self.origin), f"{pushed}:refs/heads/{branch}").stderr
        if _UNHEARD in told:
            line = f"{(history or _NOWHERE).splitlines()[0]} {pushed} refs/heads/{branch}\n"
            self.until("the push is heard", lambda: _UNHEARD not in self._send_hook(line))

    def _send_hook(self, line: str) -> str:
        hooks = self.origin / "hooks"
        command = [sys.executable, "-I", "-S", str(hooks / "slipway_post_receive.py"), str(hooks / "slipway.json")]
        env = {**os.environ, "GIT_COMMITTER_NAME": ADA[0], "GIT_COMMITTER_EMAIL": ADA[1]}
        return subprocess.run(command, input=line, env=env, capture_output=True, text=True, check=True).stderr

    def _history(self, branch: str) -> str:
        with contextlib.suppress(RuntimeError):
            return git(self.origin, "rev-list", f"refs/heads/{branch}")
        return ""

    def release(self, version: str) -> dict[str, Any]:
        """Read a release; empty where there is none yet."""
        found = self.operator.get(f"/api/services/{SERVICE}/releases/{version}")
        return dict(found.body) if found.status == 200 else {}

    def promotion(self, version: str, environment: str) -> dict[str, Any]:
        """The newest forward promotion; empty where there is none."""
        promotions = self.release(version).get("promotions", [])
        chosen = [one for one in promotions if one["environment"] == environment and one["kind"] == "forward"]
        return dict(chosen[-1]) if chosen else {}

    def until(self, what: str, look: Callable[[], T]) -> T:
        """Look until there is something to see; raise StoryBroken when patience is over, or the host is gone for good."""
        end = time.monotonic() + self._patience
        while True:
            # A host that dies cuts an answer off anywhere.
            with contextlib.suppress(OSError, http.client.HTTPException):
                if seen := look():
                    return seen
            if self.host.trouble:
                raise StoryBroken(self.host.trouble)
            if time.monotonic() > end:
                raise StoryBroken(f"in vain for {self._patience:.0f} s: {what}")
            time.sleep(_LOOK)

    def until_phase(self, version: str, *phases: str) -> None:
        """Wait for a release to be in one of the phases."""
        self.until(f"v{version} is {' or '.join(phases)}", lambda: self.release(version).get("phase") in phases)

    def ask(self, call: Callable[[], int], what: str) -> None:
        """Ask for something under a key, again where nobody answered or could not keep it."""
        self.until(what, lambda: call() < 500)


def whole_story(teller: Teller) -> None:
    """Tell all of it."""
    for chapter in (validated, packaged_again, released, rolled_back, withdrawn):
        chapter(teller)
    at_rest(teller)


def validated(teller: Teller) -> None:
    """A branch is validated."""
    teller.push("feature/express-first", "feature")
    commit = teller.scene.commits["feature"]

    def ended() -> bool:
        said = teller.operator.get(f"/api/statuses/{commit}").body.get("statuses", [])
        return any(one["state"] == "succeeded" for one in said)

    teller.until("the feature branch is validated", ended)


def packaged_again(teller: Teller) -> None:
    """A build that never ends is replaced by that of a newer push, whose first deployment fails and is taken out."""
    branch = "release/delivery/v1.0.0"
    teller.push(branch, "1.0.0 hangs")
    teller.until("v1.0.0 is being packaged", lambda: teller.release("1.0.0").get("phase") not in (None, "Validating"))
    teller.push(branch, "1.0.0")
    teller.until_phase("1.0.0", "Failed")


def taken_out(teller: Teller) -> None:
    """The first deployment of all fails, and is taken out."""
    teller.push("release/delivery/v1.0.0", "1.0.0")
    teller.until_phase("1.0.0", "Failed")


def released(teller: Teller) -> None:
    """v1.0.1 reaches production once a hold is lifted and a person has approved."""
    hold = {"scope": "environment:production", "reason": "looking"}
    teller.ask(lambda: teller.operator.post("/api/holds", hold, idempotency_key="hold").status, "a hold is added")
    teller.push("release/delivery/v1.0.1", "1.0.1")
    teller.until("v1.0.1 is in QA", lambda: teller.promotion("1.0.1", "qa").get("phase") == "Succeeded")
    for one in teller.until("the holds are read", lambda: teller.operator.get("/api/holds").body)["holds"]:
        teller.ask(partial(lift, teller, f"/api/holds/{one['id']}"), "the hold is lifted")
    approve(teller, "1.0.1")
    teller.until_phase("1.0.1", "Released")


def lift(teller: Teller, path: str) -> int:
    """Take a hold away, and return the answer's status."""
    return teller.operator.delete(path, idempotency_key="lift").status


def rolled_back(teller: Teller) -> None:
    """v1.1.0 fails in production and goes back by itself."""
    teller.push("release/delivery/v1.1.0", "1.1.0")
    approve(teller, "1.1.0")
    teller.until_phase("1.1.0", "RolledBack")


def withdrawn(teller: Teller) -> None:
    """v1.2.0 waits for an answer, and is aborted."""
    teller.push("release/delivery/v1.2.0", "1.2.0")
    teller.until("v1.2.0 waits for approval", lambda: request(teller, "1.2.0"))
    path, body = f"/api/services/{SERVICE}/releases/1.2.0/abort", {"reason": "not needed"}
    teller.ask(lambda: teller.operator.post(path, body, idempotency_key="abort").status, "v1.2.0 is aborted")
    teller.until_phase("1.2.0", "Aborted")


def approve(teller: Teller, version: str) -> None:
    """The manager approves once the question is put."""
    wanted = teller.until(f"v{version} waits for approval", lambda: request(teller, version))
    if wanted == "answered":
        return
    path, body = f"/api/services/{SERVICE}/approvals/{wanted}", {"decision": "approve", "comment": "good"}

    def answer() -> int:
        return teller.team.manager.post(path, body, idempotency_key=f"yes-{wanted}").status

    teller.ask(answer, f"v{version} is approved")


def request(teller: Teller, version: str) -> str:
    """The open question for production; `answered` where it was, empty where it was not put yet."""
    found = teller.promotion(version, "production")
    phase = found.get("phase", "Pending")
    if phase not in ("Pending", "Waiting"):
        return "answered"
    approval = found.get("approval") or {}
    return str(approval.get("request", "")) if phase == "Waiting" else ""


def at_rest(teller: Teller) -> None:
    """Nothing is left to be done, and the environments have said how they are."""
    environments = teller.host.folder.environments

    def answered() -> bool:
        folders = [f"{name}/{SERVICE}" for name in ("qa", "production")]
        newest = [git(environments, "log", "-1", "--format=%an", "main", "--", folder) for folder in folders]
        return newest == ["Operator"] * len(folders)

    teller.until("the operator has answered", answered)
    at_rest_by_helm(teller)


def at_rest_by_helm(teller: Teller) -> None:
    """Nothing is left to be done; nobody else has a say in it."""
    teller.until("no message is left", lambda: not messages(teller.host))


def messages(host: MortalHost) -> list[str]:
    """The queue of every message that is kept."""
    with contextlib.closing(sqlite3.connect(f"file:{host.folder.database}?mode=ro", uri=True)) as connection:
        return [queue for (queue,) in connection.execute("SELECT queue FROM message")]
