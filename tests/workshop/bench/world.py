"""The application with its real store, queues, policies and gates around a quiet outside, in the host as it is run for people."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import azure.functions as func

from infra.local.host import new_person
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
from shared.ports.queues import QueueReceiver, Queues
from tests.support.host import running, wait_until
from tests.support.outside import RITA
from tests.support.outside_source import MAIN
from tests.support.tree import ROOT
from tests.support.wiring import around_ports, workers_apart
from tests.support.wiring import wire as wire_outside
from tests.workshop.bench.outside import REPOSITORY, Quiet

SECRET, ECHO = "the bench's", "/echo"
# What takes messages: use cases alone, functions, these with all others at their doors over HTTP, and with workers that report by queue.
ENGINE, FUNCTIONS, HTTP, APART = "engine", "functions", "http", "apart"


def wire(database: Database, outside: Quiet, scratch: Path, queues: Queues | None = None) -> App:
    """Put the application together as bootstrap does, with the quiet outside around it; `queues` instead of the database's."""
    made = wire_outside(database, outside, scratch)  # type: ignore[arg-type]
    made = around_ports(made, lambda name, port: outside.statuses if name == "statuses" else port)
    return replace(made, timing=Timing(), queues=queues or database.queues, new_id=lambda: str(uuid4()))


def configure(app: App, repository: str = REPOSITORY) -> None:
    """Have it read the configuration."""
    inspect_push(app, PushReceived(id="configuration", repository=repository, ref=MAIN))


@dataclass(frozen=True, slots=True)
class Hosted:
    """A local host around the product's functions and a quiet outside; `key` is a person's who may do everything."""

    app: App
    queues: QueueReceiver
    url: str
    key: str

    def settle(self) -> None:
        """Wait until every message is dealt with."""
        wait_until(lambda: not any(map(self.queues.count, QUEUES)))


@contextmanager
def hosted(folder: Path, outside: Quiet, database: Database | None = None, kind: str = FUNCTIONS) -> Iterator[Hosted]:
    """Run the host with the product's options, on a file in the folder unless something else keeps the state."""
    database = database or SqliteDatabase(folder / "slipway.db", utc_now)
    database.recover()
    queues = RemoteQueues(database.queues) if isinstance(database, AzureStorage) else database.queues
    app = wire(database, outside, folder / "scratch", queues)
    app = workers_apart(app) if kind == APART else app
    bootstrap.use(app)
    roles = ("Slipway.Read", "Slipway.Approve", "Slipway.Operate")
    manager = replace(new_person(RITA.name, mails=RITA.mails, roles=roles), id=RITA.id)
    functions = _use_cases(app) if kind == ENGINE else _functions(folder)
    options = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))["extensions"]["queues"]
    host = running(functions, folder, people=[manager], receiver=queues, queues=options, in_hand=folder / "in-hand")
    try:
        with host as started:
            yield Hosted(app, queues, started.host.url, manager.key)
    finally:
        bootstrap.use(None)
        database.close()


def _functions(folder: Path) -> func.FunctionApp:
    os.environ.update(Settings(database=folder / "slipway.db", work=folder, hook_secrets=frozenset({SECRET})).to_env())
    bootstrap.settings.let_go()
    from function_app import app

    return app


def _use_cases(app: App) -> func.FunctionApp:
    """Take messages without functions around what they are for; and an empty function."""
    functions = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

    @functions.route(route=ECHO.removeprefix("/"), methods=["POST"])
    def echo(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(req.get_body(), status_code=202)

    def working_on(queue: str) -> Callable[[func.QueueMessage], None]:
        def work(msg: func.QueueMessage) -> None:
            take_message(app, queue, msg.get_body().decode())

        return work

    for queue in QUEUES:
        functions.function_name(queue)(functions.queue_trigger("msg", queue, connection="X")(working_on(queue)))
    return functions
