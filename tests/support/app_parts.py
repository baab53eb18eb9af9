"""The application over a real store and the outside in memory, and a hand that moves it: messages, time, people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from shared.app.handling.handle_event import Handled
from shared.app.handling.loaded_service import read_service, release_in
from shared.app.operating.operate import Caller, operate
from shared.app.parts import App
from shared.app.sweep import sweep
from shared.app.take_message import take_message
from shared.codec.envelope import encode_event
from shared.codec.ledger import ENTRIES, LedgerEntry
from shared.domain.messages import events as ev
from shared.domain.messages.queues import EVENTS_QUEUE, QUEUES
from shared.domain.state.estate import Estate
from shared.domain.state.promotion import Promotion
from shared.domain.state.release import EnvironmentState, Release, ServiceState
from shared.domain.values.names import ServiceKey
from shared.domain.values.person import Person
from shared.domain.values.version import Version
from shared.ports.queues import Received
from shared.ports.statuses import CommitStatus
from tests.support import by_kind
from tests.support.by_kind import ALL_KINDS
from tests.support.databases import open_database
from tests.support.outside import ADA, RITA, SHIPPING, Outside
from tests.support.outside_environments import Applied
from tests.support.wiring import ACTED_ON, around_ports, wire, workers_apart

DELIVERY, PACKAGE = ServiceKey(SHIPPING, "delivery"), ServiceKey(SHIPPING, "package")
SECOND = timedelta(seconds=1)
CARELESS, MOST_DELIVERIES = 0.25, 4
LEASE = timedelta(seconds=30)


def make_app(
    store: str,
    folder: Path,
    outside: Outside | None = None,
    *,
    seed: int | None = None,
    careless: bool = False,
    database: Any = None,
) -> Harness:
    """Start the application on a store (`memory`, `sqlite`), or on a database that is open already; `apart`: its workers report.

    With a seed messages are delivered in an order that follows from it; without one, in the order of `ALL_KINDS`. A
    careless post delivers some of them twice or late.
    """
    world = outside or Outside()
    opened = database or open_database(store, folder, world)
    app = wire(opened, world, folder / "scratch")
    if store == "apart":
        app = workers_apart(app)
    return Harness(app, opened, world, seed=seed, careless=careless)


class Harness:
    """One process of the application: nothing happens until it is told to go on.

    `workers` are other processes by the role that they take over from it.
    """

    def __init__(
        self, app: App, database: Any, outside: Outside, *, seed: int | None = None, careless: bool = False
    ) -> None:
        self.app, self.database, self.outside = app, database, outside
        self.receiver = database.queues
        self.random = Random(seed) if seed is not None else None
        self.careless = careless
        self.workers: dict[str, App] = {}

    # Messages and time

    def pump(self, *kinds: str, most: timedelta = timedelta(minutes=2)) -> Harness:
        """Deliver messages, of the named kinds only, until none is left or so much time has passed by.

        Time moves on by a second only when there is nothing to do now.
        """
        wanted = kinds or ALL_KINDS
        end = self.outside.clock() + most
        while True:
            while self.deliver_one(*wanted):
                pass
            if not self.waiting(*wanted) or self.outside.clock() >= end:
                return self
            self.outside.clock.advance(SECOND)

    def deliver_one(self, *kinds: str) -> bool:
        """Deliver one message that may be seen now, and acknowledge it; whether there was one."""
        order = list(kinds or ALL_KINDS)
        if self.random is not None:
            self.random.shuffle(order)
        lying = by_kind.lying(self.receiver)
        for kind in filter(lying.__contains__, order):
            for message in self.receive(kind):
                self.hand_over(message)
                return True
        return False

    def hand_over(self, message: Received) -> None:
        """Deliver a message; a careless post keeps some back for a while, and brings some twice."""
        chance = self.random or Random(0)
        if self.careless and message.attempts < MOST_DELIVERIES and chance.random() < CARELESS:
            self.receiver.release(message, delay=SECOND * chance.randint(1, 40))
            return
        self.take(message)
        if self.careless and message.attempts < MOST_DELIVERIES and chance.random() < CARELESS:
            self.receiver.release(message, delay=SECOND * chance.randint(0, 40))
            return
        self.receiver.delete(message)

    def receive(self, kind: str) -> Sequence[Received]:
        """Lease one message."""
        return by_kind.receive_one(self.receiver, kind, LEASE)

    def take(self, message: Received) -> None:
        """Do what the functions do with a message."""
        app = self.workers.get(QUEUES[message.queue].worker, self.app)
        take_message(app, message.queue, message.body, redelivered=message.attempts > 1)

    def waiting(self, *kinds: str) -> int:
        """How many messages the queues hold, seen or not."""
        return by_kind.count(self.receiver, kinds or ALL_KINDS)

    def tick(self, by: timedelta = timedelta(0)) -> Harness:
        """Let time pass, do what the minute's timer does, and go on until nothing is left to do."""
        self.outside.clock.advance(by)
        sweep(self.app)
        return self.pump()

    # What comes in

    def start(self) -> Harness:
        """Look at the repositories for the first time, as a host does when it starts."""
        return self.tick()

    def tell_push(self, ref: str, by: Person | None = None, commit: str = "") -> None:
        """Report a push as a door does."""
        event = ev.PushReceived(id=self.app.new_id(), repository=SHIPPING, ref=ref, commit=commit, pushed_by=by)
        self.send(event)

    def send(self, event: ev.ServiceEvent | ev.HookEvent) -> None:
        """Put an event into the doors' queue."""
        self.app.queues.send(EVENTS_QUEUE, encode_event(event, correlation=event.id, at=self.app.now()))

    def push(self, ref: str, files: Mapping[str, bytes | None], *, by: Person = ADA, message: str = "Change") -> str:
        """Commit, push and report who pushed; return the commit. Nothing is delivered yet."""
        commit = self.outside.commit(ref, files, by=by, message=message)
        self.tell_push(ref, by=by, commit=commit)
        return commit

    def push_release(self, version: str, service: ServiceKey = DELIVERY, *, by: Person = ADA) -> str:
        """Push a release branch with a change of the service."""
        path = f"src/shipping/{service.service}/version"
        return self.push(branch(version, service), {path: version.encode()}, by=by)

    def release_to(self, version: str, service: ServiceKey = DELIVERY, *, approve: bool = True) -> Release:
        """Push a release branch and go on as far as it goes, with production approved or waiting for it."""
        self.push_release(version, service)
        self.pump()
        if approve:
            self.approve(service=service)
        return self.release(version, service)

    def answer(
        self, person: Person = RITA, *, approve: bool = True, service: ServiceKey = DELIVERY, **changes: Any
    ) -> Handled:
        """Answer the newest open question of a service, as a person does while they wait."""
        fields = {"request": self.request(service), "groups": (), "comment": "", **changes}
        event = ev.ApprovalAnswered(id=self.app.new_id(), service=service, person=person, approve=approve, **fields)
        return operate(self.app, event)

    def approve(self, person: Person = RITA, *, service: ServiceKey = DELIVERY) -> Handled:
        """Say yes and go on until nothing is left to do."""
        handled = self.answer(person, service=service)
        self.pump()
        return handled

    def ask(self, make: Callable[..., ev.ServiceEvent], service: ServiceKey = DELIVERY, **fields: Any) -> Handled:
        """Make a person's request (an event of requests.py) and handle it; `person` is Rita if not said."""
        said = {"id": self.app.new_id(), "service": service, "person": RITA, **fields}
        return operate(self.app, make(**said))

    def caller(self, route: str, key: str = "", person: Person = RITA) -> Caller:
        """Somebody at the API."""
        return Caller(person=person, groups=(), route=route, idempotency_key=key)

    # What there is to see

    def state(self, service: ServiceKey = DELIVERY) -> ServiceState:
        """The service's partition."""
        return read_service(self.app, service).state

    def estate(self) -> Estate:
        """Holds by people."""
        return read_service(self.app, DELIVERY).estate

    def release(self, version: str, service: ServiceKey = DELIVERY) -> Release:
        """A release, open or ended."""
        found = release_in(self.app, read_service(self.app, service), Version.parse(version))
        assert found is not None, f"{service} has no release {version}"
        return found

    def promotion(self, version: str, environment: str, service: ServiceKey = DELIVERY) -> Promotion:
        """The newest promotion of a version in an environment."""
        found = self.release(version, service).latest(environment)
        assert found is not None, f"{version} has no promotion in {environment}"
        return found

    def environment(self, name: str, service: ServiceKey = DELIVERY) -> EnvironmentState:
        """What is live there, and who has the slot."""
        return self.state(service).environments.get(name) or EnvironmentState(name=name)

    def live(self, name: str, service: ServiceKey = DELIVERY) -> str:
        """The version that is live in an environment, empty where none is."""
        found = self.environment(name, service).live
        return found.artifact.version.text if found else ""

    def running(self, environment: str, service: ServiceKey = DELIVERY) -> Applied:
        """What is applied in an environment."""
        found = self.outside.environments.live(environment, service.service)
        assert found is not None, f"nothing of {service} is applied in {environment}"
        return found

    def request(self, service: ServiceKey = DELIVERY) -> str:
        """The newest question of a service that is open."""
        found = [one.request for one in self.outside.people.open if one.service == service]
        assert found, f"no question is open for {service}"
        return found[-1]

    def statuses(self, commit: str) -> dict[str, CommitStatus]:
        """What a commit shows, by context."""
        return {one.context: one for one in self.app.repository(SHIPPING).statuses.statuses(SHIPPING, commit)}

    def timeline(self, service: ServiceKey | str = DELIVERY) -> list[LedgerEntry]:
        """The service's ledger, decoded."""
        return [ENTRIES.decode(row.body) for row in self.app.store.ledger(str(service), after=0, most=10_000)]

    def wrap(self, **ports: Any) -> Harness:
        """Put other ports in the application's place, also of its hosts and of what acts on environments."""
        acted_on = {name: ports.pop(name) for name in ACTED_ON & ports.keys()}
        self.app = around_ports(replace(self.app, **ports), lambda name, port: acted_on.get(name, port))
        return self


def branch(version: str, service: ServiceKey = DELIVERY) -> str:
    """The full name of a release branch."""
    return f"refs/heads/release/{service.service}/v{version}"
