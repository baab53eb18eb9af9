"""What the people of the story do: push with git, look and answer by API, wait for what they expect to see."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from infra.local.client import Client, HttpAnswer
from infra.local.sample import git

T = TypeVar("T")
_PATIENCE = 120.0
_LOOK = 0.1


class StoryBroken(Exception):
    """What should have happened did not."""


class Team:
    """A working copy, and everybody's place at the API."""

    def __init__(
        self, url: str, keys: Mapping[str, str], origin: Path, copy: Path, *, patience: float = _PATIENCE
    ) -> None:
        self.author = Client(url, keys["Ada Author"])
        self.manager = Client(url, keys["Rita Manager"])
        self.operator = Client(url, keys["Olga Operator"])
        self.copy, self._patience = copy, patience
        if not copy.exists():
            git(copy.parent, "clone", "--quiet", str(origin), str(copy))

    def push(self, branch: str, *, start: str = "", change: Callable[[Path], None] | None = None, why: str = "") -> str:
        """Push a branch, with a commit of its own where `change` makes one, and return its commit."""
        current = self.pushed(branch)
        if current:
            return current
        git(self.copy, "checkout", "--quiet", "-B", branch, start or "origin/main")
        if change is not None:
            change(self.copy)
            git(self.copy, "add", "--all")
            git(self.copy, "commit", "--quiet", "-m", why or f"Work on {branch}")
        git(self.copy, "push", "--quiet", "origin", branch)
        return git(self.copy, "rev-parse", "HEAD")

    def pushed(self, branch: str) -> str:
        """The branch's commit at the origin, empty where it was not pushed."""
        return git(self.copy, "ls-remote", "origin", f"refs/heads/{branch}").partition("\t")[0]

    def read(self, path: str) -> HttpAnswer:
        """Read as the operator, once somebody listens."""
        return self.expect(f"an answer to {path}", lambda: self.operator.get(path))

    def release(self, service: str, version: str) -> Mapping[str, Any]:
        """Read a release; empty where there is none yet."""
        found = self.read(f"/api/services/{service}/releases/{version}")
        return found.body if found.status == 200 else {}

    def promotion(self, service: str, version: str, environment: str, kind: str = "forward") -> Mapping[str, Any]:
        """The newest promotion of that kind; empty where there is none."""
        promotions = self.release(service, version).get("promotions", [])
        chosen = [one for one in promotions if one["environment"] == environment and one["kind"] == kind]
        return chosen[-1] if chosen else {}

    def live(self, service: str, environment: str) -> Mapping[str, Any]:
        """What is live; empty where nothing is."""
        found = self.read(f"/api/services/{service}").body
        for one in found.get("environments", []):
            if one["environment"] == environment:
                return one.get("live") or {}
        return {}

    def live_version(self, service: str, environment: str) -> str:
        """The version that is live, empty where none is."""
        return str(self.live(service, environment).get("version", ""))

    def notes(self, service: str) -> list[str]:
        """Every line of the service's timeline."""
        notes, after = [], 0
        while entries := self.read(f"/api/services/{service}/ledger?after={after}").body["entries"]:
            notes += [note for entry in entries for note in entry["notes"]]
            after = entries[-1]["sequence"]
        return notes

    def request(self, service: str, version: str) -> str:
        """The open approval request for production, empty where there is none."""
        found = self.promotion(service, version, "production")
        return str((found.get("approval") or {}).get("request", "")) if found.get("phase") == "Waiting" else ""

    def answer(self, client: Client, service: str, request: str, decision: str, comment: str = "") -> HttpAnswer:
        """Answer a request as a person, again with the same key where nobody was there to listen."""
        path, body = f"/api/services/{service}/approvals/{request}", {"decision": decision, "comment": comment}
        key = f"{request}-{decision}"
        return self.expect(f"an answer to {path}", lambda: client.post(path, body, idempotency_key=key))

    def approve(self, service: str, version: str) -> None:
        """Wait until people are asked, and have the release manager approve; nothing where that was done before."""

        def asked() -> str:
            phase = self.promotion(service, version, "production").get("phase", "Pending")
            return self.request(service, version) if phase in ("Pending", "Waiting") else "answered"

        request = self.expect(f"{service} v{version} waits for approval", asked)
        if request != "answered":
            answer = self.answer(self.manager, service, request, "approve", "looks good in QA")
            if answer.status != 200:
                raise StoryBroken(f"approving {service} v{version} was answered {answer.status}: {dict(answer.body)}")

    def expect(self, what: str, look: Callable[[], T]) -> T:
        """Look until there is something to see; raise StoryBroken when patience is over."""
        end = time.monotonic() + self._patience
        while True:
            with contextlib.suppress(OSError):
                if seen := look():
                    return seen
            if time.monotonic() > end:
                raise StoryBroken(f"in vain for {self._patience:.0f} s: {what}")
            time.sleep(_LOOK)
