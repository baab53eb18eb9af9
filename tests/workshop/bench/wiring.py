"""The application around a quiet outside: the real store, queues and policies."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

import azure.functions as func

from infra.local.host import LocalHost, LocalPerson, People, new_person
from infra.local.host.remote import RemoteQueues
from shared import bootstrap
from shared.adapters.azure_storage import AzureStorage
from shared.adapters.sqlite import SqliteDatabase
from shared.app.parts import App
from shared.bootstrap import Database, utc_now
from shared.config import Settings
from shared.inbound.slipway_yaml import SlipwayYaml
from shared.ports.queues import QueueReceiver, Queues
from tests.support.tree import ROOT
from tests.workshop.bench.source import QuietSource
from tests.workshop.bench.world import (
    MANAGER,
    QuietBuilder,
    QuietCharts,
    QuietDeployer,
    QuietPeople,
    QuietRegistry,
    QuietStatuses,
)

REPOSITORY = "bench"
HOST_JSON = ROOT / "host.json"


@dataclass(frozen=True, slots=True)
class Quiet:
    """The parts of the outside that a measurement talks to."""

    source: QuietSource
    registry: QuietRegistry = field(default_factory=QuietRegistry)
    deployer: QuietDeployer = field(default_factory=QuietDeployer)
    people: QuietPeople = field(default_factory=QuietPeople)
    statuses: QuietStatuses = field(default_factory=QuietStatuses)


def quiet(services: Sequence[str]) -> Quiet:
    """An outside with these services configured."""
    return Quiet(QuietSource(REPOSITORY, services))


def wire(database: Database, outside: Quiet, scratch: Path, queues: Queues | None = None) -> App:
    """Put the application together as bootstrap does, with the quiet outside around it; `queues` instead of the database's."""
    return App(
        store=database.store,
        rows=database.rows,
        evidence=database.evidence,
        queues=queues or database.queues,
        source=outside.source,
        statuses=outside.statuses,
        registry=outside.registry,
        charts=QuietCharts(),
        builder=QuietBuilder(),
        people=outside.people,
        policies=SlipwayYaml(),
        deployer=lambda target: outside.deployer,
        now=utc_now,
        new_id=lambda: str(uuid4()),
        scratch=scratch,
    )


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
def hosted(folder: Path, outside: Quiet, database: Database | None = None) -> Iterator[Hosted]:
    """Run the functions that function_app registers, on a file in the folder unless something else keeps the state."""
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
    manager = replace(new_person(MANAGER.name, mails=MANAGER.mails, roles=roles), id=MANAGER.id)
    try:
        with _local_host(functions, queues, folder, manager) as host:
            yield Hosted(app=app, database=database, receiver=queues, url=host.url, secret=secret, manager=manager)
    finally:
        bootstrap.use(None)
        database.close()


@contextmanager
def running(functions: func.FunctionApp, folder: Path) -> Iterator[str]:
    """Run other functions on the same kind of host, and say where."""
    database = SqliteDatabase(folder / "slipway.db", utc_now)
    try:
        with _local_host(functions, database.queues, folder) as host:
            yield host.url
    finally:
        database.close()


def _local_host(functions: func.FunctionApp, receiver: QueueReceiver, folder: Path, *people: LocalPerson) -> LocalHost:
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
