"""The application with its real store, queues, policies and gates, and around it an outside that does nothing but report."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import azure.functions as func

from infra.local.host import LocalHost, LocalPeople, LocalPerson, new_person
from infra.local.host.remote import RemoteQueues
from shared import bootstrap
from shared.adapters.azure_storage import AzureStorage
from shared.adapters.sqlite import SqliteDatabase
from shared.app.hook_events.inspect_push import inspect_push
from shared.app.parts import App, Timing
from shared.app.take_message import take_message
from shared.bootstrap import Database, utc_now
from shared.config import Settings
from shared.domain.messages.events import PushReceived
from shared.domain.messages.queues import QUEUES
from shared.domain.values.records import replace
from shared.inbound.slipway_yaml import SlipwayYaml
from shared.ports.queues import QueueReceiver, Queues
from shared.ports.statuses import CommitStatus
from tests.support.mortal import Watched
from tests.support.outside import ADA, RITA, MemoryBuilder, MemoryPeople
from tests.support.outside_environments import Applied, MemoryApplier, MemoryEnvironments, MemoryWatcher
from tests.support.outside_registry import MemoryCharts, MemoryRegistry
from tests.support.outside_source import MAIN, MemorySource, Troubles
from tests.support.tree import ROOT
from tests.support.wiring import around_ports
from tests.support.wiring import wire as wire_outside

REPOSITORY = "bench"
HOST_JSON = ROOT / "host.json"
_ENVIRONMENTS = """\
environments:
  qa: {namespace: backend-qa, deploy: {gitops: {repository: environments.git}}}
  production:
    after: [qa]
    registry_namespace: prod
    approval: {approvers: ["release-manager@example.com", "group:release-managers"], minimum: 1, forbid: [author]}
    gates: {scan: high, older_than_live: block}
    deploy: {gitops: {repository: environments.git}}
queueing: latest_only
freezes: [{environments: [production], cron: "0 16 29 2 *", duration: 1h, timezone: Europe/Berlin, reason: leap day}]
"""


def names_of(services: int) -> list[str]:
    """Names of that many services."""
    return [f"s{number:05d}" for number in range(services)]


def slipway_yaml(services: Sequence[str]) -> bytes:
    """A configuration with these services, two environments, an approval and a freeze."""
    listed = "".join(f"  {name}: {{path: src/{name}, chart: charts/{name}, build: {{test: t}}}}\n" for name in services)
    return f"version: 1\nregistry: registry.example.com\nservices:\n{listed}{_ENVIRONMENTS}".encode()


def files_of(services: Sequence[str]) -> dict[str, bytes]:
    """What their repository holds."""
    own = {path: b"" for name in services for path in (f"src/{name}/Dockerfile", f"charts/{name}/Chart.yaml")}
    return {"slipway.yaml": slipway_yaml(services), **own}


class Statuses:
    """Hands statuses on to whoever waits for one."""

    def __init__(self) -> None:
        self.said: Callable[[str, CommitStatus], None] = lambda commit, status: None

    def set_status(self, _repository: str, commit: str, status: CommitStatus, *, about: int) -> None:
        """See Statuses."""
        self.said(commit, status)

    def statuses(self, _repository: str, _commit: str) -> Sequence[CommitStatus]:
        """See Statuses."""
        return ()


class Quiet:
    """The outside: `configured` are services by repository. What is only named is there, and `live` says what runs where."""

    clock, starts = staticmethod(utc_now), 0

    def __init__(self, configured: Mapping[str, Sequence[str]], live: dict[str, list[Applied]] | None = None) -> None:
        troubles = Troubles()
        self.source = MemorySource(troubles, made_up=ADA)
        for name, services in configured.items():
            self.source.create(name)
            self.source.commit(name, MAIN, files_of(services), by=ADA)
        self.registry = MemoryRegistry(troubles, made_up=True)
        self.charts = MemoryCharts(self.registry, troubles, alike=True)
        self.builder, self.people = MemoryBuilder(self.registry, troubles), MemoryPeople(troubles)
        self.environments = MemoryEnvironments()
        if live is not None:
            self.environments.applied = live
        self.applier = MemoryApplier(self.environments, troubles)
        self.watcher = MemoryWatcher(self.environments, troubles)
        self.statuses, self.policies = Statuses(), SlipwayYaml()


def quiet(services: Sequence[str]) -> Quiet:
    """An outside with these services configured."""
    return Quiet({REPOSITORY: services})


def lasting(outside: Quiet, file: Path, moment: float) -> None:
    """Have copies, tags and deployments outlive a kill of the process, in a file; copies and deployments take a moment."""

    @contextmanager
    def kept(call: str, arguments: Sequence[Any]) -> Iterator[None]:
        time.sleep(moment if call != "tag" else 0)
        yield
        writing.write(pickle.dumps((call, arguments)))
        writing.flush()

    def lasts(port: Any, *calls: str) -> Any:
        for call, arguments in before:
            if call in calls:
                getattr(port, call)(*arguments)
        return Watched(port, dict(zip(calls, calls, strict=True)), lambda call, given: (kept(call, given), given))

    before = []
    with file.open("ab+") as reading, suppress(EOFError, pickle.UnpicklingError):  # the last may have been cut short
        reading.seek(0)
        while True:
            before.append(pickle.load(reading))
    writing = file.open("ab")
    outside.registry, outside.applier = lasts(outside.registry, "copy", "tag"), lasts(outside.applier, "apply")


def wire(database: Database, outside: Quiet, scratch: Path, queues: Queues | None = None) -> App:
    """Put the application together as bootstrap does, with the quiet outside around it; `queues` instead of the database's."""
    made = wire_outside(database, outside, scratch)  # type: ignore[arg-type]
    made = around_ports(made, lambda name, port: outside.statuses if name == "statuses" else port)
    own = {"timing": Timing(), "queues": queues or database.queues}
    return replace(made, **own, new_id=lambda: str(uuid4()))


def configure(app: App) -> None:
    """Have it read the configuration."""
    inspect_push(app, PushReceived(id="configuration", repository=REPOSITORY, ref=MAIN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosted:
    """A local host around the product's functions and a quiet outside."""

    app: App
    database: Database
    receiver: QueueReceiver
    url: str
    secret: str
    manager: LocalPerson


@contextmanager
def hosted(
    folder: Path,
    outside: Quiet,
    database: Database | None = None,
    *,
    bare: bool = False,
    around: Callable[[App], App] = lambda app: app,
) -> Iterator[Hosted]:
    """Run the functions that function_app registers, on a file in the folder unless something else keeps the state.

    With `bare` the use cases alone stand in the functions' place; `around` changes the application.
    """
    secret = "the bench's"
    os.environ.update(Settings(database=folder / "slipway.db", work=folder, hook_secrets=frozenset({secret})).to_env())
    bootstrap.settings.let_go()
    from function_app import app as functions

    database = database or SqliteDatabase(folder / "slipway.db", utc_now)
    database.recover()
    queues = RemoteQueues(database.queues) if isinstance(database, AzureStorage) else database.queues
    app = around(wire(database, outside, folder / "scratch", queues))
    bootstrap.use(app)
    roles = ("Slipway.Read", "Slipway.Approve", "Slipway.Operate")
    manager = replace(new_person(RITA.name, mails=RITA.mails, roles=roles), id=RITA.id)
    try:
        with local_host(_use_cases(app) if bare else functions, queues, folder, manager) as host:
            yield Hosted(app=app, database=database, receiver=queues, url=host.url, secret=secret, manager=manager)
    finally:
        bootstrap.use(None)
        database.close()


def echo() -> func.FunctionApp:
    """An empty function."""
    functions = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

    @functions.route(route="echo", methods=["POST"])
    def answer(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(req.get_body(), status_code=202)

    return functions


def _use_cases(app: App) -> func.FunctionApp:
    functions = echo()
    for queue in QUEUES:
        functions.function_name(queue)(functions.queue_trigger("msg", queue, connection="X")(_function(app, queue)))
    return functions


def _function(app: App, queue: str) -> Callable[[func.QueueMessage], None]:
    def work(msg: func.QueueMessage) -> None:
        take_message(app, queue, msg.get_body().decode())

    return work


def local_host(functions: func.FunctionApp, receiver: QueueReceiver, folder: Path, *people: LocalPerson) -> LocalHost:
    """The host as it is run for people."""
    return LocalHost(
        functions,
        receiver=receiver,
        people=LocalPeople(people),
        host_json=HOST_JSON,
        clock=utc_now,
        settings={},
        key="the bench's own",
        in_hand=folder / "in-hand",
    )
