"""The application with its real store, queues, policies and gates, and around it an outside that does nothing but report."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass, replace
from functools import partial
from pathlib import Path
from uuid import uuid4

import azure.functions as func

from infra.local.host import LocalHost, LocalPerson, People, new_person
from infra.local.host.remote import RemoteQueues
from shared import bootstrap
from shared.adapters.azure_storage import AzureStorage
from shared.adapters.sqlite import SqliteDatabase
from shared.app.inspect_push import inspect_push
from shared.app.parts import App, Timing
from shared.app.take_message import take_effect, take_event
from shared.bootstrap import Database, utc_now
from shared.config import Settings
from shared.domain.events import PushReceived
from shared.domain.names import Digest
from shared.domain.queues import EVENTS_QUEUE, KINDS, queue_of
from shared.inbound.slipway_yaml import SlipwayYaml
from shared.ports.deployer import DeployOrder, DeployReport
from shared.ports.queues import QueueReceiver, Queues
from shared.ports.registry import CopyReport
from shared.ports.statuses import CommitStatus
from tests.support.outside import ADA, RITA, MemoryBuilder, MemoryPeople
from tests.support.outside_deployer import Applied, MemoryDeployer
from tests.support.outside_registry import MemoryCharts, MemoryRegistry
from tests.support.outside_source import MAIN, MemorySource, Troubles
from tests.support.tree import ROOT
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

    def set_status(self, _repository: str, commit: str, status: CommitStatus) -> None:
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
        self.deployer = MemoryDeployer(troubles)
        if live is not None:
            self.deployer.applied = live
        self.statuses, self.policies = Statuses(), SlipwayYaml()


def quiet(services: Sequence[str]) -> Quiet:
    """An outside with these services configured."""
    return Quiet({REPOSITORY: services})


class Lasting:
    """What outlives a kill of the process: tags and deployments are appended to a file; each takes a moment."""

    def __init__(self, outside: Quiet, file: Path, moment: float) -> None:
        self._registry, self._deployer, self._moment = outside.registry, outside.deployer, moment
        for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
            with suppress(ValueError):  # the last line may have been cut short
                self._take(*json.loads(line))
        self._file = file.open("a", encoding="utf-8")
        outside.registry, outside.deployer = self, self  # type: ignore[assignment]

    def __getattr__(self, name: str) -> object:
        return getattr(self._deployer if name in ("observe", "running", "remove") else self._registry, name)

    def tag(self, registry: str, repository: str, digest: Digest, tag: str) -> None:
        """See Registry."""
        self._registry.tag(registry, repository, digest, tag)
        self._keep("tag", repository, tag, digest.text)

    def copy(self, registry: str, source: str, target: str, digest: Digest, tag: str) -> CopyReport:
        """See Registry."""
        time.sleep(self._moment)
        report = self._registry.copy(registry, source, target, digest, tag)
        self._keep("tag", target, tag, digest.text)
        return report

    def deploy(self, order: DeployOrder) -> DeployReport:
        """See Deployer."""
        time.sleep(self._moment)
        report = self._deployer.deploy(order)
        place = f"{order.environment}/{order.service}"
        *told, _ = astuple(self._deployer.applied[place][-1])
        self._keep("deploy", place, *told)
        return report

    def _keep(self, *what: object) -> None:
        self._file.write(json.dumps(what) + "\n")
        self._file.flush()

    def _take(self, what: str, place: str, *told: object) -> None:
        if what == "tag":
            tag, digest = map(str, told)
            self._registry.tagged[place, tag] = Digest(digest)
        else:
            self._deployer.applied[place].append(Applied(*told, b""))  # type: ignore[call-arg,arg-type]


def wire(database: Database, outside: Quiet, scratch: Path, queues: Queues | None = None) -> App:
    """Put the application together as bootstrap does, with the quiet outside around it; `queues` instead of the database's."""
    made = wire_outside(database, outside, scratch)  # type: ignore[arg-type]
    own = {"statuses": outside.statuses, "timing": Timing(), "queues": queues or database.queues}
    return replace(made, **own, new_id=lambda: str(uuid4()))  # type: ignore[arg-type]


def configure(app: App) -> None:
    """Have it read the configuration."""
    inspect_push(app, PushReceived(id="configuration", repository=REPOSITORY, ref=MAIN))


def takers(app: App) -> Mapping[str, Callable[[str], object]]:
    """What the functions do with a message of each queue."""
    effects = {queue_of(kind): partial(take_effect, app, kind) for kind in KINDS}
    return {EVENTS_QUEUE: partial(take_event, app), **effects}


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
def hosted(folder: Path, outside: Quiet, database: Database | None = None, *, bare: bool = False) -> Iterator[Hosted]:
    """Run the functions that function_app registers, on a file in the folder unless something else keeps the state.

    With `bare` the use cases alone stand in the functions' place.
    """
    secret = "the bench's"
    os.environ.update(Settings(database=folder / "slipway.db", work=folder, hook_secrets=frozenset({secret})).to_env())
    bootstrap.settings.let_go()
    from function_app import app as functions

    database = database or SqliteDatabase(folder / "slipway.db", utc_now)
    database.recover()
    queues = RemoteQueues(database.queues) if isinstance(database, AzureStorage) else database.queues
    app = wire(database, outside, folder / "scratch", queues)
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
    for queue, take in takers(app).items():
        functions.function_name(queue)(functions.queue_trigger("msg", queue, connection="X")(_function(take)))
    return functions


def _function(take: Callable[[str], object]) -> Callable[[func.QueueMessage], None]:
    def work(msg: func.QueueMessage) -> None:
        take(msg.get_body().decode())

    return work


def local_host(functions: func.FunctionApp, receiver: QueueReceiver, folder: Path, *people: LocalPerson) -> LocalHost:
    """The host as it is run for people."""
    return LocalHost(
        functions,
        receiver=receiver,
        people=People(people),
        host_json=HOST_JSON,
        clock=utc_now,
        settings={},
        key="the bench's own",
        in_hand=folder / "in-hand",
    )
