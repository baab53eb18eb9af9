"""The stage: the application over a store, the outside around it, and the judge who is told of everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from shared.app.handling.handle_event import Handled
from shared.app.handling.loaded_service import view_of
from shared.app.operating.operate import ESTATE, add_hold, lift_hold, operate
from shared.app.sweep import sweep
from shared.app.views.service import service_view
from shared.domain.drafts.decision import Outcome
from shared.domain.messages import events as ev
from shared.domain.values.names import ServiceKey
from shared.domain.values.person import Person
from shared.ports.applier import DeployOrder
from shared.ports.people import Question
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_parts import DELIVERY, PACKAGE
from tests.support.databases import open_database
from tests.support.outside import ADA, MAIN, Outside
from tests.support.outside_ends import left
from tests.support.wiring import wire
from tests.workshop.soak.configurations import GROUPS, SECRET, USUAL, Configuration
from tests.workshop.soak.judge import Judge
from tests.workshop.soak.people_of_stage import PeopleOfStage
from tests.workshop.soak.registry_of_stage import RegistryOfStage
from tests.workshop.soak.running_time import RunningTime
from tests.workshop.soak.seen import Bundle, Open
from tests.workshop.soak.watched import (
    CALLS,
    RememberedPolicies,
    WatchedApplier,
    WatchedHarness,
    WatchedRollouts,
    open_ones,
)

SERVICES = (DELIVERY, PACKAGE)
MINUTE = timedelta(minutes=1)
QUIET_UNTIL = 18
TAKEN = (Outcome.MOVED, Outcome.NOTED)
_RESTING = (*[40] * 5, *[360] * 10, *[3600] * 40)


class Stage(RegistryOfStage, PeopleOfStage):
    """One world. Whatever happens in it is done by a method of this class, and the judge sees it."""

    def __init__(self, store: str, folder: Path, *, seed: int, tally: Counter[str] | None = None) -> None:
        self.outside = Outside(slipway_yaml=USUAL.text().decode())
        environments, troubles = self.outside.environments, self.outside.troubles
        self.outside.applier = WatchedApplier(environments, troubles, self)
        self.outside.watcher = WatchedRollouts(environments, troubles, self)
        self.outside.people.listens = self.asked
        environments.clock = self.outside.clock
        self.judge = Judge(self._packaged, tally)
        database = open_database(store, folder, self.outside)
        app = wire(database, self.outside, folder / "scratch")
        self.harness = WatchedHarness(app, database, self.outside, seed=seed, careless=True)
        self.harness.watcher = self
        self.harness.wrap(policies=RememberedPolicies(self.outside.policies))
        self._commits = 0
        self._told: dict[str, tuple[str, str, str]] = {}
        self._shown: dict[ServiceKey, object] = {}
        self._time, self._latest = RunningTime(), self.outside.clock()
        self._lost: dict[str, timedelta] = {}
        first = self.refs[MAIN]
        self.judge.repository.commit(first, None, ADA.id, frozenset(one.service for one in SERVICES))
        self.judge.repository.said[first] = USUAL
        self.commit(MAIN, {f"charts/{one.service}/values-qa.yaml": SECRET.encode() for one in SERVICES}, ADA)
        self.harness.start()
        self.look()

    # The repository

    def configure(self, content: bytes, meant: Configuration | None) -> None:
        """The default branch says something else; `meant` is None where it cannot be read."""
        self._commits += 1
        name = self.commit(MAIN, {"slipway.yaml": content, "notes.txt": str(self._commits).encode()}, ADA)
        self.judge.repository.said[name] = meant

    # People

    def ask(self, event: ev.ServiceEvent) -> Handled:
        """A person asks for something at the API, and is answered."""
        handled = operate(self.harness.app, event)
        if isinstance(event, ev.ApprovalAnswered) and handled.outcome in TAKEN and not handled.duplicate:
            self.judge.answered(event.request, event.person.id, approve=event.approve, comment=event.comment)
        granted = handled.outcome in TAKEN
        if isinstance(event, ev.OverrideGranted) and event.gate == "authors" and granted and not handled.duplicate:
            self.answered_for(event)
        if isinstance(event, ev.RollbackRequested) and event.to == "":
            self.judge.rollback_answered(event.service.service, event.environment, handled.code, granted=granted)
        self.catch_up(event.service)
        return handled

    def answer(self, question: Question, person: Person, *, approve: bool, comment: str, key: str = "") -> None:
        """A person answers a question, perhaps one that is not open any more, or once more under the same key."""
        said = ev.ApprovalAnswered(
            id=key or self.harness.app.new_id(),
            service=question.service,
            request=question.request,
            person=person,
            groups=GROUPS.get(person.id, ()),
            approve=approve,
            comment=comment,
        )
        self.ask(said)

    def answer_for(
        self, service: ServiceKey, version: str, environment: str, by: Person, names: tuple[str, ...] = ()
    ) -> None:
        """A person answers for everybody who is unknown."""
        said = ev.OverrideGranted(
            id=self.harness.app.new_id(),
            service=service,
            version=version,
            environment=environment,
            gate="authors",
            reason="I asked",
            person=by,
            answer=names,
        )
        self.ask(said)

    def hold(self, scope: str, person: Person, minutes: int | None) -> None:
        """A person holds something."""
        until = self.outside.clock() + minutes * MINUTE if minutes else None
        caller = self.harness.caller("holds", person=person)
        made = add_hold(self.harness.app, caller, scope=scope, reason="look", until=until)
        self.judge.held(made.id, made.scope, made.until)

    def lift(self, hold: str) -> None:
        """A person lifts a hold by people."""
        if lift_hold(self.harness.app, self.harness.caller("holds"), hold, "seen") is not None:
            self.judge.holds.pop(hold)

    # Time and trouble

    def pass_time(self, by: timedelta) -> None:
        """Let the clock go on, or jump back."""
        self.outside.clock.advance(by)
        self._time.passes(by)
        self._latest = max(self._latest, self.outside.clock())
        self.judge.lost.update(one for one, at in self._lost.items() if self._time.is_known(at))

    def tick(self) -> None:
        """The minute's look."""
        self._time.noticed()
        sweep(self.harness.app)
        self.catch_up(*SERVICES)

    def deliver(self, most: int) -> None:
        """Deliver messages that may be seen now."""
        for _ in range(most):
            if not self.harness.deliver_one():
                return
            self.catch_up(*SERVICES)

    # What the judge is told

    def catch_up(self, *services: ServiceKey) -> None:
        """Have the judge read on in the ledgers."""
        for key in services:
            name = key.service
            read = len(self.judge.service(name).bodies)
            for row in self.harness.app.store.ledger(str(key), after=read, most=10_000):
                self.judge.entry(name, row.sequence, row.previous, row.hash, row.body)

    def look(self) -> None:
        """Have the judge see everything that changed since it looked last."""
        self.catch_up(*SERVICES)
        for row in self.harness.app.store.ledger(ESTATE, after=len(self.judge.service(ESTATE).bodies), most=1000):
            self.judge.entry(ESTATE, row.sequence, row.previous, row.hash, row.body)
        for key in SERVICES:
            seen = (len(self.judge.service(key.service).bodies), self.outside.clock(), tuple(self.judge.holds))
            if self._shown.get(key) != seen:
                self._shown[key] = seen
                self._show(key)

    def _show(self, key: ServiceKey) -> None:
        loaded = self.harness.app.store.read(str(key))
        shown = service_view(view_of(key, loaded), viewer=None, now=self.outside.clock())
        configured = [one.environment for one in shown.environments if one.configured]
        self.judge.told(key.service, loaded.ledger_hash, configured, list(open_ones(shown)))
        for message in loaded.outbox.values():
            self.judge.hold_to("secret", SECRET not in message.body, f"a message of {key} holds one")

    def reread(self) -> None:
        """Have the judge read every ledger once more from its beginning."""
        for name, partition in (*((one.service, str(one)) for one in SERVICES), (ESTATE, ESTATE)):
            for row in self.harness.app.store.ledger(partition, after=0, most=100_000):
                self.judge.again(name, row.sequence, row.body)

    def rest(self) -> None:
        """Let everything come to rest, with nobody holding anything, the outside well and a careful post."""
        self.harness.careless = False
        self.outside.troubles.before.clear()
        for call in CALLS:
            self.outside.troubles.clear(call)
        for hold in list(self.judge.holds):
            self.lift(hold)
        # What was put off before a clock was put back comes when it is that time again.
        self.pass_time(max(self._latest - self.outside.clock(), timedelta(0)))
        self._settle()
        # Until no freeze is on.
        self.pass_time(timedelta(hours=(QUIET_UNTIL - self.outside.clock().hour) % 24 + 1))
        self._settle()
        self.look()
        open_ones = [one for key in SERVICES for one in self._open_now(key)]
        self.judge.at_rest(left(self.harness), open_ones)

    def _settle(self) -> None:
        self.tick()
        for seconds in _RESTING:
            self.deliver(10_000)
            if not left(self.harness):
                return
            self.pass_time(timedelta(seconds=seconds))
            self.tick()

    def _open_now(self, key: ServiceKey) -> Iterator[Open]:
        loaded = self.harness.app.store.read(str(key))
        yield from open_ones(service_view(view_of(key, loaded), viewer=None, now=self.outside.clock()))

    def _packaged(self, service: str, version: str) -> Bundle:
        registry = self.outside.registry
        image = registry.tagged[service, f"v{version}"]
        chart = registry.tagged[f"charts/{service}", version]
        commit, other = (
            registry.content(place, digest).decode().rpartition(" from ")[2]
            for place, digest in ((service, image), (f"charts/{service}", chart))
        )
        self.judge.hold_to("same bytes", commit == other, f"{service} {version} is of {commit} and of {other}")
        return Bundle(image.text, chart.text, commit)

    def begins(self, order: DeployOrder) -> None:
        """See Watcher."""
        self.catch_up(order.place.service)
        self.judge.begins(order.place.service.service, order.place.environment, order.promotion)

    def wrote(self, order: DeployOrder) -> None:
        """See Watcher."""
        self.catch_up(order.place.service)
        repository = order.images[0].partition("/")[2].partition(":")[0]
        chart = repository.removesuffix(order.place.service.service) + f"charts/{order.place.service.service}"
        bundle = self.judge.service(order.place.service.service).bundles.get(order.version)
        there = {one.text for one in self.outside.registry.manifests.get(chart, {})}
        found = bundle.chart if bundle is not None and bundle.chart in there else "none"
        at = self.outside.clock()
        written = sha256(order.manifests).hexdigest()
        self.judge.wrote(
            order.place.service.service, order.place.environment, order.promotion, order.images[0], found, at, written
        )

    def stands(self, order: DeployOrder) -> None:
        """See Watcher."""
        self.catch_up(order.place.service)
        place = order.place
        self.judge.stands(place.service.service, place.environment, order.promotion, order.images[0])

    def removed(self, order: DeployOrder) -> None:
        """See Watcher."""
        self.catch_up(order.place.service)
        self.judge.removed(order.place.service.service, order.place.environment)

    def looked(self, place: str, state: RolloutState) -> None:
        """See Watcher."""
        environment, service = place.split("/")
        self.judge.looked(service, environment, healthy=state is RolloutState.HEALTHY)
