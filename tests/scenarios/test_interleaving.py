"""People, pushes, time and a careless post in any order: the laws hold at every moment, and everything comes to rest."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shared.app.operate import add_hold, holds, lift_hold
from shared.app.sweep import sweep
from shared.domain import events as ev
from shared.ports.deployer import RolloutState
from shared.ports.errors import Transient
from tests.support.app_parts import DELIVERY, branch, make_app
from tests.support.crashes import Crash, Fuse, with_fuse
from tests.support.outside import ADA, RITA
from tests.support.outside_ends import left
from tests.support.outside_laws import Laws

MINUTE = timedelta(minutes=1)
KNOWN = ("1.0.0", "1.0.1", "1.1.0", "1.2.0")
VERSIONS = st.sampled_from(KNOWN)
ENVIRONMENTS = st.sampled_from(["qa", "production"])
TROUBLE = st.sampled_from(
    ["registry.copy", "deployer.write", "deployer.observe", "registry.read", "registry.has", "source"]
)


class Releases(RuleBasedStateMachine):
    """One service under everything that can happen to it."""

    store: ClassVar[str] = "memory"

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.commits = 0

    @initialize(seed=st.integers(0, 2**16))
    def begin(self, seed: int) -> None:
        """Start with a post whose order and carelessness follow from the seed."""
        self.slipway = make_app(self.store, Path(self.folder.name), seed=seed, careless=True)
        self.laws = Laws(self.slipway, DELIVERY, KNOWN)
        self.slipway.start()
        self.laws.check()

    @rule(version=VERSIONS)
    def push(self, version: str) -> None:
        """A commit on a release branch, which may be there already."""
        self.commits += 1
        change = {"src/shipping/delivery/version": f"{version} {self.commits}".encode()}
        self.slipway.push(branch(version), change)

    @rule(version=VERSIONS)
    def delete_branch(self, version: str) -> None:
        """The branch goes, and nobody tells."""
        self.slipway.outside.source.refs("shipping").pop(branch(version), None)

    @rule(messages=st.integers(1, 15))
    def go_on(self, messages: int) -> None:
        """Some messages are delivered."""
        for _ in range(messages):
            self.slipway.deliver_one()
            self.laws.check()

    @rule(minutes=st.integers(1, 3))
    def come_to_rest(self, minutes: int) -> None:
        """Messages are delivered, late ones too."""
        self.slipway.pump(most=minutes * MINUTE)

    @rule(version=VERSIONS)
    def release(self, version: str) -> None:
        """A version goes as far as it gets."""
        self.push(version)
        for _ in range(2):
            self.slipway.pump()
            if any(one.version == version for one in self.slipway.outside.people.open):
                self.slipway.answer()

    @rule(boundary=st.integers(1, 15))
    def die(self, boundary: int) -> None:
        """The process dies while it delivers, and another one starts on what is there."""
        app, receiver = self.slipway.app, self.slipway.receiver
        with_fuse(self.slipway, Fuse(boundary))
        with suppress(Crash):
            while self.slipway.deliver_one():
                pass
        self.slipway.app, self.slipway.receiver = app, receiver
        sweep(app)

    @rule(minutes=st.sampled_from([1, 1, 5, 20, 60 * 25]))
    def pass_time(self, minutes: int) -> None:
        """Time goes by, and the timer ticks once."""
        self.slipway.outside.clock.advance(minutes * MINUTE)
        sweep(self.slipway.app)

    @precondition(lambda self: self.slipway.outside.people.open)
    @rule(who=st.sampled_from([RITA, RITA, ADA]), approve=st.sampled_from([True, True, True, False]))
    def answer(self, who: object, approve: bool) -> None:
        """Somebody answers a question that they can see; the author may try."""
        self.slipway.answer(RITA if who is RITA else ADA, approve=approve)

    @rule(version=VERSIONS, environment=ENVIRONMENTS, what=st.sampled_from(["abort", "retry", "promote"]))
    def ask_of_version(self, version: str, environment: str, what: str) -> None:
        """Somebody asks for something that may be refused."""
        if what == "abort":
            self.slipway.ask(ev.AbortRequested, version=version, reason="stop")
        elif what == "retry":
            self.slipway.ask(ev.RetryRequested, version=version)
        else:
            self.slipway.ask(ev.PromoteRequested, version=version, environment=environment)

    @rule(environment=ENVIRONMENTS, what=st.sampled_from(["roll back", "redeploy", "adopt"]))
    def ask_of_environment(self, environment: str, what: str) -> None:
        """Somebody asks for something that may be refused."""
        if what == "roll back":
            self.slipway.ask(ev.RollbackRequested, environment=environment, reason="it is slow", to="")
        elif what == "redeploy":
            self.slipway.ask(ev.RedeployRequested, environment=environment, version="")
        else:
            live = self.slipway.live(environment)
            self.slipway.ask(ev.LiveAdopted, environment=environment, version=live, reason="I looked")

    @rule(version=VERSIONS, environment=ENVIRONMENTS, ill=st.booleans())
    def change_health(self, version: str, environment: str, ill: bool) -> None:
        """A version gets ill in an environment, or well."""
        state = RolloutState.DEGRADED if ill else RolloutState.HEALTHY
        self.slipway.outside.deployer.health["delivery", environment, version] = state

    @rule(call=TROUBLE, times=st.integers(1, 4))
    def trouble(self, call: str, times: int) -> None:
        """Something outside is out of reach for some calls."""
        self.slipway.outside.troubles.add(call, *(Transient(f"{call}: out of reach") for _ in range(times)))

    @rule()
    def hold_or_lift(self) -> None:
        """Stop the line, or let it go on."""
        caller = self.slipway.caller("holds")
        if holds(self.slipway.app):
            lift_hold(self.slipway.app, caller, "stop", "seen")
        else:
            add_hold(self.slipway.app, caller, scope="everything", reason="look", until=None)

    @rule()
    def lift_artifact_holds(self) -> None:
        """The artifacts that were rolled back may go on."""
        for one in self.slipway.state().holds:
            self.slipway.ask(ev.ArtifactHoldLifted, hold=one.id, reason="it was the cluster")

    @invariant()
    def the_laws_hold(self) -> None:
        """At every moment."""
        if hasattr(self, "laws"):
            self.laws.check()

    def teardown(self) -> None:
        """Everything comes to rest when nothing happens any more."""
        try:
            if hasattr(self, "laws"):
                self._rest()
        finally:
            if hasattr(self, "slipway"):
                self.slipway.database.close()
            self.folder.cleanup()

    def _rest(self) -> None:
        for call in ("registry.copy", "deployer.write", "deployer.observe", "registry.read", "registry.has", "source"):
            self.slipway.outside.troubles.clear(call)
        for hold in holds(self.slipway.app):
            lift_hold(self.slipway.app, self.slipway.caller("lift"), hold.id, "seen")
        for _ in range(4):
            self.slipway.pump(most=timedelta(minutes=12)).tick(16 * MINUTE)
            self.laws.check()
        assert left(self.slipway) == []
        self.laws.check_at_rest()


class ReleasesOnDisk(Releases):
    """The same over SQLite."""

    store = "sqlite"


@pytest.mark.slow
@pytest.mark.parametrize(("machine", "examples"), [(Releases, 60), (ReleasesOnDisk, 10)])
def test_the_laws_hold_whatever_happens(machine: type[RuleBasedStateMachine], examples: int) -> None:
    """Over whole releases, on both local stores."""
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=40))
