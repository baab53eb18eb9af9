"""Everything that can happen to releases of several services, in any order, with the judge looking on after each step."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from shared.domain.messages import events as ev
from shared.domain.state.build import BuildOutcome, BuildResult
from shared.domain.values.names import Digest, ServiceKey
from shared.domain.values.person import Person
from shared.ports.errors import Transient
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_parts import branch
from tests.support.crashes import Crash, Fuse, with_fuse
from tests.support.outside import ADA, MAIN, RITA, SAM
from tests.workshop.soak.acting import APPROVER, ENVIRONMENT, MOSTLY, SERVICE, VERSION, Acting
from tests.workshop.soak.configurations import (
    BROKEN,
    CONFIGURATIONS,
    NED,
    OLGA,
    RITA_AT_HOME,
    USUAL,
    Configuration,
)
from tests.workshop.soak.stage import MINUTE, SERVICES
from tests.workshop.soak.watched import CALLS

AUTHOR = st.sampled_from([ADA, ADA, ADA, RITA_AT_HOME, SAM, NED])
PUSHER = st.sampled_from([None, ADA, ADA, RITA, SAM])
# Who is in a commit beside its author.
OTHER = st.sampled_from([None, None, None, None, RITA, SAM, NED])
# Calls in whose middle something else may happen.
SLOW = st.sampled_from(
    ["applier.write", "applier.write", "watcher.observe", "registry.copy", "registry.read", "registry.tag"]
)
SELDOM = st.sampled_from([False, False, False, False, True])


class FuseAfter(Fuse):
    """Crashes after the first call of a name."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def cross(self, where: str) -> None:
        """See Fuse."""
        if where == f"after {self.place}":
            raise Crash(where)


class Everything(Acting):
    """Services, releases, people, configurations, clocks, trouble and a careless post."""

    # The repository

    @rule(
        service=SERVICE,
        version=VERSION,
        by=AUTHOR,
        others=st.tuples(OTHER, OTHER),
        pusher=PUSHER,
        told=MOSTLY,
        weak=SELDOM,
    )
    def push(
        self,
        service: ServiceKey,
        version: str,
        by: Person,
        others: tuple[Person | None, Person | None],
        pusher: Person | None,
        told: bool,
        weak: bool,
    ) -> None:
        """A commit on a release branch that may be there already; it may bring rules of its own."""
        self.stage.push(service, version, by, weak=weak, co=others[0], committer=others[1])
        if told:
            self.stage.tell(branch(version, service), pusher)
        self.step()

    @rule(service=SERVICE, version=VERSION, pushers=st.lists(PUSHER, min_size=1, max_size=2), seen=st.booleans())
    def push_and_tell_late(self, service: ServiceKey, version: str, pushers: list[Person | None], seen: bool) -> None:
        """The timer sees a branch before anybody tells of it, or two pushes of it are told of in a row."""
        told = [(self.stage.push(service, version, ADA), pusher) for pusher in pushers]
        if seen:
            self.stage.tick()
            self.stage.deliver(4)
        for commit, pusher in told:
            self.stage.tell(branch(version, service), pusher, commit)
        self.step()

    @rule(service=SERVICE, version=VERSION, told=MOSTLY)
    def delete_branch(self, service: ServiceKey, version: str, told: bool) -> None:
        """A release branch goes."""
        if self.stage.refs.pop(branch(version, service), None) and told:
            self.stage.tell(branch(version, service))
        self.step()

    @rule(service=SERVICE, version=VERSION, by=PUSHER)
    def tell_again(self, service: ServiceKey, version: str, by: Person | None) -> None:
        """The same push is told once more."""
        if branch(version, service) in self.stage.refs:
            self.stage.tell(branch(version, service), by)
        self.step()

    @rule(service=SERVICE, feature=st.booleans(), by=AUTHOR)
    def push_elsewhere(self, service: ServiceKey, feature: bool, by: Person) -> None:
        """A change that is no release is pushed to a branch of its own, or to the default branch."""
        ref = f"refs/heads/feature/{service.service}/x" if feature else MAIN
        self.stage.commit(ref, {f"src/shipping/{service.service}/code": self.stage.refs[MAIN].encode()}, by)
        self.stage.tell(ref)
        self.step()

    @rule(number=st.integers(-1, len(CONFIGURATIONS) - 1), told=MOSTLY)
    def configure(self, number: int, told: bool) -> None:
        """The default branch gets other rules, or a file that cannot be read."""
        meant = CONFIGURATIONS[number] if number >= 0 else None
        self.stage.configure(meant.text() if meant else BROKEN, meant)
        if told:
            self.stage.tell(MAIN)
        self.step()

    @precondition(lambda self: self.stage.outside.people.open)
    @rule(meant=st.sampled_from([one for one in CONFIGURATIONS if one.services == USUAL.services]), person=APPROVER)
    def configure_while_people_are_asked(self, meant: Configuration, person: Person) -> None:
        """Somebody answers, and the rules change before the answer is used."""
        self.stage.answer(self.stage.outside.people.open[-1], person, approve=True, comment="fine")
        self.stage.configure(meant.text(), meant)
        self.stage.tell(MAIN)
        self.stage.deliver(12)
        self.step()

    # Messages and time

    @rule(messages=st.integers(1, 6))
    def deliver(self, messages: int) -> None:
        """Some messages are delivered."""
        self.stage.deliver(messages)
        self.step()

    @rule(messages=st.integers(4, 30))
    def deliver_many(self, messages: int) -> None:
        """Many messages are delivered, those that were put off for a moment too."""
        self.stage.deliver(messages)
        self.stage.pass_time(timedelta(seconds=40))
        self.stage.deliver(messages)
        self.step()

    @rule(minutes=st.sampled_from([1, 1, 5, 20, 61, 60 * 25, 60 * 24 * 8]), ticks=MOSTLY)
    def pass_time(self, minutes: int, ticks: bool) -> None:
        """Time goes by, and mostly the timer ticks once."""
        self.stage.pass_time(minutes * MINUTE)
        if ticks:
            self.stage.tick()
        self.step()

    @rule(minutes=st.sampled_from([1, 1, 5, 61, 60 * 25]), ticks=st.booleans())
    def jump_back(self, minutes: int, ticks: bool) -> None:
        """The clock is put back."""
        self.stage.pass_time(-minutes * MINUTE)
        if ticks:
            self.stage.tick()
        self.step()

    @rule()
    def tick(self) -> None:
        """The minute's look."""
        self.stage.tick()
        self.step()

    @rule(boundary=st.integers(1, 15))
    def die(self, boundary: int) -> None:
        """The process dies while it delivers, and another one starts on what is there."""
        self._die(Fuse(boundary))

    @rule(
        place=st.sampled_from(
            ["applier.apply", "applier.apply", "registry.copy", "registry.tag", "store.transact", "people.ask"]
        )
    )
    def die_after(self, place: str) -> None:
        """The process dies right after it has done something, and has not yet said so."""
        self._die(FuseAfter(place))

    def _die(self, fuse: Fuse) -> None:
        slipway = self.stage.harness
        app, receiver = slipway.app, slipway.receiver
        with_fuse(slipway, fuse)
        with suppress(Crash):
            while slipway.deliver_one():
                self.stage.catch_up(*SERVICES)
        slipway.app, slipway.receiver = app, receiver
        self.stage.tick()
        self.step()

    @rule(service=SERVICE, version=VERSION, by=AUTHOR, pusher=PUSHER, ill=SELDOM)
    def ship(self, service: ServiceKey, version: str, by: Person, pusher: Person | None, ill: bool) -> None:
        """A version goes as far as it gets, with everybody who is asked saying yes; its rollout may fail in production."""
        if ill:
            self.stage.outside.environments.health[service.service, "production", version] = RolloutState.DEGRADED
        self.stage.push(service, version, by)
        self.stage.tell(branch(version, service), pusher)
        for _ in range(2):
            self._go_on()
            if pusher is None or by is NED:
                self.stage.answer_for(service, version, "production", OLGA)
            for question in self.stage.outside.people.open[-2:]:
                for person in (RITA, SAM):
                    self.stage.answer(question, person, approve=True, comment="fine")
        self._go_on()
        self.step()

    def _go_on(self) -> None:
        for _ in range(3):
            self.stage.deliver(100)
            self.stage.pass_time(timedelta(seconds=41))

    # The outside

    @rule(service=SERVICE, version=VERSION, outcome=st.sampled_from([None, None, *BuildOutcome]))
    def change_builds(self, service: ServiceKey, version: str, outcome: BuildOutcome | None) -> None:
        """Builds of a branch go wrong from now on, or well."""
        outcomes, ref = self.stage.outside.builder.outcomes, branch(version, service)
        outcomes.pop(ref, None)
        if outcome not in (None, BuildOutcome.SUCCEEDED):
            outcomes[ref] = BuildResult(outcome=outcome, reason="it broke")
        self.step()

    @rule(service=SERVICE, version=VERSION, environment=ENVIRONMENT, state=st.sampled_from(RolloutState))
    def change_health(self, service: ServiceKey, version: str, environment: str, state: RolloutState) -> None:
        """A version gets ill in an environment, or well."""
        self.stage.outside.environments.health[service.service, environment, version] = state
        self.step()

    @rule(call=st.sampled_from(CALLS), times=st.integers(1, 4))
    def trouble(self, call: str, times: int) -> None:
        """Something outside is out of reach for some calls."""
        self.stage.outside.troubles.add(call, *(Transient(f"{call}: out of reach") for _ in range(times)))
        self.step()

    @rule(call=SLOW, what=st.sampled_from(["time", "abort", "roll back", "others"]), service=SERVICE, version=VERSION)
    def work_slowly(self, call: str, what: str, service: ServiceKey, version: str) -> None:
        """Something happens in the middle of the next such call."""

        def meanwhile() -> None:
            if what == "time":
                self.stage.pass_time(MINUTE)
                self.stage.tick()
            elif what == "abort":
                self.ask(ev.AbortRequested, service, version=version, reason="stop")
            elif what == "roll back":
                self.ask(ev.RollbackRequested, service, environment="production", reason="it is slow", to="")
            else:
                self.stage.deliver(5)

        self.stage.outside.troubles.before[call] = meanwhile
        self.step()

    @rule(service=SERVICE, environment=st.sampled_from(["qa", "production"]))
    def change_by_hand(self, service: ServiceKey, environment: str) -> None:
        """Somebody changes what runs, behind everybody's back."""
        if self.stage.outside.environments.live(environment, service.service) is not None:
            self.stage.outside.environments.by_hand(environment, service.service, "localhost:5000/other:v9")
        self.step()

    @rule(service=SERVICE, number=st.integers(0, 4), lost=st.booleans())
    def change_registry(self, service: ServiceKey, number: int, lost: bool) -> None:
        """The image of a version that was packaged is cleaned away, or its tag gets another one."""
        packaged = list(self.stage.judge.service(service.service).bundles)
        if packaged:
            (self.stage.lose if lost else self.stage.move_tag)(service, packaged[-1 - number % len(packaged)])
        self.step()

    @rule()
    def clean_up(self) -> None:
        """The registry forgets what was built and never packaged: no tag names it."""
        self.stage.clean_up()
        self.step()

    @rule(service=SERVICE, number=st.integers(0, 4), chart=st.booleans())
    def claim_deletion(self, service: ServiceKey, number: int, chart: bool) -> None:
        """A registry, or whoever knows its secret, says that a version was deleted which is still there."""
        bundles = list(self.stage.judge.service(service.service).bundles.values())
        if bundles:
            bundle = bundles[-1 - number % len(bundles)]
            repository = f"charts/{service.service}" if chart else service.service
            self.stage.tell_deleted(repository, Digest(bundle.chart if chart else bundle.image))
        self.step()


class EverythingOnDisk(Everything):
    """The same over SQLite."""

    store = "sqlite"
