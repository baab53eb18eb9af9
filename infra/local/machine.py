"""The whole of Slipway on one machine: state, registry, operator and the functions' host around one folder."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from infra.local.azurite.launcher import Azurite, AzuriteFailed
from infra.local.azurite.program import CannotInstall
from infra.local.folder import AZURITE, Folder
from infra.local.githook.install import install_hook
from infra.local.host import LocalHost, LocalPeople
from infra.local.host.remote import RemoteQueues
from infra.local.operator.operator import Operator
from infra.local.registry import RunningRegistry, serve
from shared.adapters.git_disk.git import Git
from shared.app.parts import App
from shared.build_settings import BuildSettings
from shared.chart_settings import ChartSettings
from shared.cluster_settings import ClusterSettings
from shared.config import Settings
from shared.storage_settings import Storage

if TYPE_CHECKING:
    from azure.functions import FunctionApp

    from shared.bootstrap import Database
    from shared.ports.queues import QueueReceiver

ROOT = Path(__file__).resolve().parents[2]
_ROLLOUT_POLL = timedelta(milliseconds=200)


class Machine:
    """Starts everything, and stops it cleanly. The environment of this process is set for the functions to read.

    `change` may put other ports in the application's place before anything runs. `store` counts at a folder's first start.
    With `links` everybody gets a new key.
    """

    def __init__(
        self,
        folder: Folder,
        *,
        repository: str,
        source: Path,
        port: int | None = None,
        store: str | None = None,
        change: Callable[[App], App] | None = None,
        links: bool = False,
    ) -> None:
        self.folder, self._change = folder, change
        self._lock = folder.take()
        self.kept = folder.kept(repository=repository, source=source, port=port, store=store)
        self.people: LocalPeople = folder.make_new_keys() if links else folder.load_people()
        self._stop, self._wake = threading.Event(), threading.Event()
        self._azurite: Azurite | None = None
        self._registry: RunningRegistry | None = None
        self._host: LocalHost | None = None
        self._operator: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where the page and the API are."""
        return f"http://127.0.0.1:{self.kept.port}"

    @property
    def registry(self) -> str:
        """The registry's host and port, as image references begin."""
        return f"127.0.0.1:{self.kept.registry_port}"

    @property
    def warnings(self) -> Sequence[str]:
        """What people should know of this machine."""
        from shared import bootstrap

        return bootstrap.app().warnings

    def start(self) -> Machine:
        """Take over what an earlier host left, then listen; pushes made meanwhile are made up for at once."""
        self.folder.empty_scratch()
        if self.kept.store == AZURITE:
            self._azurite = _started(self.folder.storage)
        headers = {"X-Slipway-Secret": self.kept.registry_secret}
        self._registry = serve(self.folder.registry, self.kept.registry_port, f"{self.url}/api/hooks/registry", headers)
        self._prepare_environments()
        os.environ.update(self._settings().to_env())
        # Imported only now: the functions read their settings from the environment set above.
        from function_app import app as functions
        from shared import bootstrap
        from shared.app.sweep import sweep

        if self._change is not None:
            bootstrap.use(self._change(bootstrap.app()))
        database = bootstrap.database()
        database.recover()
        runs, receiver = self.outfit(functions, database)
        self._host = LocalHost(
            runs,
            receiver=receiver,
            people=self.people,
            host_json=ROOT / "host.json",
            clock=bootstrap.utc_now,
            settings={},
            key=self.kept.host_key,
            in_hand=self.folder.in_hand,
        ).start(self.kept.port)
        install_hook(Path(self.kept.source), self.url, self.kept.hook_secret, self.kept.repository)
        sweep(bootstrap.app())
        return self

    def outfit(self, functions: FunctionApp, database: Database) -> tuple[FunctionApp, QueueReceiver]:
        """Say what is run and where messages come from; who watches or disturbs the host puts wrappers around both."""
        from shared import bootstrap
        from shared.adapters.azure_storage import AzureStorage

        if not isinstance(database, AzureStorage):
            return functions, database.queues
        queues = RemoteQueues(database.queues)
        bootstrap.use(replace(bootstrap.app(), queues=queues))
        return functions, queues

    def stop(self) -> None:
        """Let what runs finish, then close what state is in."""
        from shared import bootstrap

        if self._host is not None:
            self._host.stop()
        self._stop.set()
        self._wake.set()
        if self._operator is not None:
            self._operator.join()
        if self._registry is not None:
            self._registry.stop()
        bootstrap.database().close()
        if self._azurite is not None:
            self._azurite.stop()
        os.close(self._lock)

    def __enter__(self) -> Machine:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _settings(self) -> Settings:
        return Settings(
            database=self.folder.database if self._azurite is None else None,
            storage=Storage(connection=self._azurite.connection if self._azurite is not None else ""),
            work=self.folder.work,
            repositories={self.kept.repository: Path(self.kept.source)},
            gitops=self.folder.root,
            registry=self.registry,
            hook_secrets=frozenset({self.kept.hook_secret}),
            registry_hook_secrets=frozenset({self.kept.registry_secret}),
            rollout_poll=_ROLLOUT_POLL,
            url=self.url,
            charts=ChartSettings.from_env(os.environ),
            builds=BuildSettings.from_env(os.environ),
            clusters=ClusterSettings.from_env(os.environ),
            path=os.environ.get("PATH", os.defpath),
        )

    def _prepare_environments(self) -> None:
        environments = self.folder.environments
        if not (environments / "HEAD").exists():
            Git(environments.parent)("init", "--quiet", "--bare", "--initial-branch=main", str(environments))
        operator = Operator(environments, self.folder.work / "operator")
        self._operator = threading.Thread(
            target=operator.run, args=(self._stop, self._wake), name="operator", daemon=True
        )
        self._operator.start()


def _started(folder: Path) -> Azurite:
    try:
        return Azurite(folder)
    except (CannotInstall, AzuriteFailed) as error:
        raise SystemExit(f"{error}; without STORE=azurite nothing but Python is needed") from error
