"""A storage account with the Functions host before it: what lies in the queues is brought to the real worker."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from infra.local.operator.operator import Operator
from infra.local.registry import serve
from infra.local.sample import REPOSITORY, git, make_origin
from tests.support import azurite
from tests.support.doors import HOOK_SECRET, PEOPLE
from tests.support.tree import ROOT
from tests.support.worker.platform import EASY_AUTH, Platform, by_id
from tests.support.worker.running import SITE, Result, Worker

_PATIENCE = 90.0
_LEASE = 600
_RELEASE = "/api/services/delivery/releases/1.0.0"


class OnAzure:
    """The sample monorepo, a registry and an operator on this machine; state and queues in an account that is emptied first."""

    def __init__(self, folder: Path, *, app: Path = ROOT, paths: Sequence[str | Path] = SITE) -> None:
        self.folder, self._app, self._paths, self._open = folder, app, paths, ExitStack()
        self.connection = azurite.connection()
        self.ran: set[str] = set()
        self.faults: list[str] = []

    def __enter__(self) -> Self:
        self._queues = self._open.enter_context(QueueServiceClient.from_connection_string(self.connection))
        self.empty()
        make_origin(self.folder / "origin.git")
        environments = self.folder / "environments.git"
        git(self.folder, "init", "--quiet", "--bare", "--initial-branch=main", str(environments))
        self._operator = Operator(environments, self.folder / "operator")
        self.settings = {
            "SLIPWAY_STORAGE": self.connection,
            "SLIPWAY_WORK": str(self.folder / "work"),
            "SLIPWAY_GITOPS": str(self.folder),
            "SLIPWAY_REPOSITORIES": json.dumps({REPOSITORY: str(self.folder / "origin.git")}),
            "SLIPWAY_REGISTRY": self.registry(),
            "SLIPWAY_HOOK_SECRET": HOOK_SECRET,
            "SLIPWAY_ROLLOUT_POLL_MS": "200",
            **EASY_AUTH,
        }
        self.platforms = self.start()
        self.platform, self.worker = self.platforms[0], self.platforms[0].worker
        return self

    def registry(self) -> str:
        """Serve the registry until the end, and return its host."""
        serving = serve(self.folder / "registry")
        self._open.callback(serving.stop)
        return serving.host

    def start(self) -> Sequence[Platform]:
        """Start the app, or several that share its functions; people and hooks talk to the first."""
        change_configuration(self.folder / "origin.git", lambda text: by_id(text, PEOPLE["rita"]))
        return [Platform(self._open.enter_context(Worker(self.settings, app=self._app, paths=self._paths)))]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._open:
            self.empty()

    def empty(self) -> None:
        """Take away what the app keeps in the account: the emulator is one for all tests."""
        for queue in self._queues.list_queues(name_starts_with="slipway-"):
            self._queues.delete_queue(queue)
        with TableServiceClient.from_connection_string(self.connection) as tables:
            for table in tables.list_tables():
                if table.name.startswith("slipway"):
                    tables.delete_table(table.name)

    def push(self, branch: str) -> Result:
        """Push a branch and tell of it as the repository's hook does."""
        origin = self.folder / "origin.git"
        if branch != "main":
            git(origin, "branch", branch, "main")
        commit = git(origin, "rev-parse", branch)
        told = {
            "id": f"push-of-{branch}",
            "repository": REPOSITORY,
            "refs": [{"ref": f"refs/heads/{branch}", "before": "0" * 40, "after": commit}],
            "pusher": {"name": "Ada Author", "mail": "ada@example.com"},
        }
        return self.platform.request("POST", "/api/hooks/git", told, headers={"X-Slipway-Secret": HOOK_SECRET})

    def release(self) -> Result:
        """Release delivery 1.0.0 to production, and return how the approval was answered."""
        answer = self.approve()
        self.until(self.released)
        return answer

    def approve(self) -> Result:
        """Bring delivery 1.0.0 as far as it goes by itself, and let a person say yes."""
        self.push("main")
        self.until(lambda: self.read("/api/services/delivery"))
        self.push("release/delivery/v1.0.0")
        request = self.until(self._request)
        path, decision = f"/api/services/delivery/approvals/{request}", {"decision": "approve"}
        return self.platform.request(
            "POST", path, decision, who=PEOPLE["rita"], headers={"Content-Type": "application/json"}
        )

    def released(self) -> bool:
        """Whether it is in production."""
        return bool(self.read(_RELEASE).get("phase") == "Released")

    def _request(self) -> str:
        promotions = self.read(_RELEASE).get("promotions", [])
        asked = [one.get("approval") or {} for one in promotions if one["environment"] == "production"]
        return str(asked[0].get("request", "")) if asked else ""

    def read(self, path: str) -> Mapping[str, Any]:
        """Read from the API; empty where nothing is there."""
        result = self.platform.request("GET", path, who=PEOPLE["max"])
        return json.loads(result.body) if result.status == 200 else {}

    def pump(self) -> None:
        """Bring each message that may be seen to its function, and let the operator of the cluster look once."""
        for platform in self.platforms:
            for name, function in platform.worker.functions.items():
                if function.trigger["type"] == "queueTrigger":
                    self._bring(platform, name, str(function.trigger["queueName"]))
        self._operator.step()

    def bring(self, queue: str) -> None:
        """Bring what may be seen in one queue to the app that takes from it."""
        for platform in self.platforms:
            for name, function in platform.worker.functions.items():
                if function.trigger.get("queueName") == queue:
                    self._bring(platform, name, queue)

    def until(self, look: Callable[[], Any]) -> Any:
        """Go on until there is something to see; fail where a function fails, or it does not come."""
        end = time.monotonic() + _PATIENCE
        while not (seen := look()):
            self.pump()
            assert not self.faults, f"{self.faults[0]}\n{self.log()}"
            assert time.monotonic() < end, f"it did not come\n{self.log()}"
        return seen

    def log(self) -> str:
        """What every worker wrote."""
        return "".join(one.worker.log() for one in self.platforms)

    def _bring(self, platform: Platform, name: str, queue: str) -> None:
        from azure.core.exceptions import ResourceNotFoundError

        client = self._queues.get_queue_client(queue)
        try:
            for message in client.receive_messages(max_messages=16, visibility_timeout=_LEASE):
                result = platform.deliver(queue, message.content, attempts=message.dequeue_count or 1)
                self.ran.add(name)
                if result.error:
                    self.faults.append(f"{name}: {result.error}")
                else:
                    client.delete_message(message)
        except ResourceNotFoundError:
            return  # nothing was ever sent to it


def change_configuration(origin: Path, change: Callable[[str], str]) -> None:
    """Have the repository's slipway.yaml written otherwise, before anybody reads it."""
    with TemporaryDirectory() as folder:
        work = Path(folder) / "work"
        git(origin, "clone", "--quiet", str(origin), str(work))
        file = work / "slipway.yaml"
        file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
        git(work, "commit", "--quiet", "--all", "-m", "Change the configuration")
        git(work, "push", "--quiet", "origin", "HEAD:main")
