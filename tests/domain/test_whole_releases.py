"""Whole releases at random: whatever happens in whatever order, the laws hold and everything comes to an end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shared.domain.drafts.decision import Decision, Outcome
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.policies.policy import ApprovalRule, DenyWindow, GateRules, OnFirstFailure, Queueing, ServicePolicy
from shared.domain.state.build import BuildOutcome
from shared.domain.state.estate import EVERYTHING, Estate, Hold
from shared.domain.state.promotion import Presence
from shared.domain.values.records import replace
from shared.domain.values.version import Version
from tests.support.flow_laws import REPORTS, Laws, promotions
from tests.support.parts import CHART, IMAGE, image_and_chart
from tests.support.pilot import (
    AUTHOR,
    MANAGER,
    OPERATOR,
    PRODUCTION,
    QA,
    SECOND,
    Pilot,
    digest,
    environment,
    good_result,
    policy,
)

VERSIONS = st.sampled_from(["1.0.0", "1.0.1", "1.1.0"])
COMMITS = st.sampled_from(["a" * 12, "b" * 12])
ENVIRONMENTS = st.sampled_from(["qa", "production", "production", "staging"])
WEEKEND = DenyWindow(cron="0 16 * * 1", duration=timedelta(hours=5), timezone="UTC", reason="quiet hours")
STAGING = environment("staging", on_first_failure=OnFirstFailure.UNINSTALL)
GATED = replace(PRODUCTION, after=("qa", "staging"), freezes=(WEEKEND,), gates=GateRules(soak=timedelta(hours=1)))
POLICIES = (
    policy(),
    policy(QA, STAGING, GATED),
    policy(queueing=Queueing.IN_ORDER),
    policy(QA),
    policy(QA, replace(PRODUCTION, approval=ApprovalRule(minimum=2))),
)
REF = "refs/heads/release/delivery/v{}"


class WatchedPilot(Pilot):
    """A pilot whose every decision is held to the laws."""

    def __init__(self, made: ServicePolicy) -> None:
        self.laws = Laws(self)
        super().__init__(made)

    def tell(self, event: ev.ServiceEvent) -> Decision:
        """Decide, and judge."""
        before = self.state
        decision = super().tell(event)
        self.laws.check(before, event, decision)
        return decision


class WholeReleases(RuleBasedStateMachine):
    """Pushes, answers, people, faults and time, in any order."""

    pilot: WatchedPilot

    @initialize(made=st.integers(0, len(POLICIES) - 1), live=st.booleans())
    def begin(self, made: int, live: bool) -> None:
        self.pilot = WatchedPilot(POLICIES[made])
        if live:
            self.ship("1.0.0")

    def tell(self, kind: type[ev.ServiceEvent], **fields: Any) -> Decision:
        return self.pilot.tell(kind(**self.pilot.ids(), **fields))

    @rule(version=VERSIONS, bad=st.sampled_from([0, 0, 1, 2]), most=st.sampled_from([99, 99, 9, 6, 4]))
    def ship(self, version: str, bad: int = 0, most: int = 99) -> None:
        """The way it goes most often, sometimes with a rollout that fails, or left in the middle."""
        self.pilot.push_release(version, version[-1] * 12)
        self.pilot.world.unhealthy.add(self.pilot.state.numbers.promotion + bad if bad else 0)
        self.perform(most)
        self.approve()
        self.perform(most)

    def perform(self, most: int) -> None:
        self.pilot.world.build = lambda build: good_result(str(build.number))
        for _ in range(most):
            if self.pilot.open:
                self.pilot.perform_one(0)

    @rule()
    def approve(self) -> None:
        for person in (MANAGER, SECOND):
            self.say(person, True)

    @rule(version=VERSIONS, commit=COMMITS)
    def push_a_release(self, version: str, commit: str) -> None:
        self.pilot.push_release(version, commit)

    @rule(commit=COMMITS, skip=st.sampled_from(["", "[skip ci]"]))
    def push_a_branch(self, commit: str, skip: str) -> None:
        self.pilot.push("refs/heads/feature/delivery/x", commit, skip=skip)

    @rule(ref=st.one_of(VERSIONS.map(REF.format), st.just("refs/heads/feature/delivery/x")))
    def delete_a_branch(self, ref: str) -> None:
        self.tell(ev.BranchDeleted, ref=ref, number=9)

    @precondition(lambda self: self.pilot.open)
    @rule(number=st.integers(0, 20), outcome=st.sampled_from(BuildOutcome), healthy=st.booleans())
    def work_on_one(self, number: int, outcome: BuildOutcome, healthy: bool) -> None:
        effect = self.pilot.open[number % len(self.pilot.open)]
        if isinstance(effect, ef.ObserveRollout) and not healthy:
            self.pilot.world.unhealthy.add(effect.number)
        changes = {} if outcome is BuildOutcome.SUCCEEDED else {"outcome": outcome, "reason": "", "tests": None}
        self.pilot.world.build = lambda build: good_result(str(build.number), **changes)
        self.pilot.perform_one(number)

    @rule()
    def perform_all(self) -> None:
        self.perform(99)

    @precondition(lambda self: self.pilot.open)
    @rule(number=st.integers(0, 20), ours=st.booleans(), changed=st.booleans())
    def fail_one(self, number: int, ours: bool, changed: bool) -> None:
        effect = self.pilot.open.pop(number % len(self.pilot.open))
        if isinstance(effect, ef.Retag | ef.Deploy | ef.ObserveRollout):
            said = {"number": effect.number, "attempt": effect.attempt, "reason": "broken"}
            self.tell(ev.EffectFailed, effect=effect.id, ours=ours, changed=changed, **said)
        if isinstance(effect, ef.Tag):
            part = {"version": effect.version, "attempt": effect.attempt, "reason": "broken"}
            self.tell(ev.TaggingFailed, effect=effect.id, ours=ours, lost=ours and changed, **part)

    @precondition(lambda self: self.pilot.open)
    @rule(number=st.integers(0, 20))
    def lose_one(self, number: int) -> None:
        self.pilot.open.pop(number % len(self.pilot.open))

    @rule(person=st.sampled_from([AUTHOR, MANAGER, SECOND]), approve=st.booleans())
    def say(self, person: Any, approve: bool) -> None:
        asked = [one for _, one in promotions(self.pilot.state) if one.approval]
        if not asked:
            return
        request = max(asked, key=lambda one: one.number).approval
        groups = ("release-managers", "role:Slipway.Approve")
        assert request is not None
        self.tell(ev.ApprovalAnswered, request=request.id, person=person, groups=groups, approve=approve)

    @rule(minutes=st.sampled_from([1, 11, 45, 125, 1500, 11000]))
    def let_time_pass(self, minutes: int) -> None:
        self.pilot.pass_time(timedelta(minutes=minutes))

    @rule(until=st.sampled_from([None, 60]), scope=st.sampled_from([EVERYTHING, "environment:production"]))
    def hold(self, until: int | None, scope: str) -> None:
        end = self.pilot.now + timedelta(minutes=until) if until else None
        hold = Hold(id="h", scope=scope, reason="outage", person=OPERATOR, since=self.pilot.now, until=end)
        self.pilot.estate = Estate(holds=(hold,))
        self.tell(ev.TimePassed)

    @precondition(lambda self: self.pilot.estate.holds)
    @rule()
    def lift_the_hold(self) -> None:
        self.pilot.estate = Estate()
        self.tell(ev.TimePassed)

    @rule(what=st.sampled_from(["abort", "retry", "promote", "override"]), version=VERSIONS, environment=ENVIRONMENTS)
    def ask_for_a_version(self, what: str, version: str, environment: str) -> None:
        said = {"version": version, "person": OPERATOR}
        if what == "abort":
            self.tell(ev.AbortRequested, **said)
        elif what == "retry":
            self.tell(ev.RetryRequested, **said)
        elif what == "promote":
            self.tell(ev.PromoteRequested, environment=environment, **said)
        else:
            self.tell(ev.OverrideGranted, environment=environment, gate="freeze", reason="now", **said)

    @rule(
        what=st.sampled_from(["redeploy", "roll back", "adopt"]),
        environment=ENVIRONMENTS,
        version=st.one_of(st.just(""), st.just(""), VERSIONS),
    )
    def ask_in_an_environment(self, what: str, environment: str, version: str) -> None:
        said = {"environment": environment, "person": OPERATOR}
        if what == "redeploy":
            self.tell(ev.RedeployRequested, version=version, **said)
        elif what == "roll back":
            self.tell(ev.RollbackRequested, to=version, reason="bad", **said)
        else:
            self.tell(ev.LiveAdopted, version=version, reason="seen", **said)

    @precondition(lambda self: self.pilot.state.holds)
    @rule()
    def lift_an_artifact_hold(self) -> None:
        self.tell(ev.ArtifactHoldLifted, hold=self.pilot.state.holds[0].id, reason="fixed", person=OPERATOR)

    @rule(made=st.integers(-2, len(POLICIES) - 1))
    def change_the_configuration(self, made: int) -> None:
        if made == -2:
            self.tell(ev.ServiceRemoved)
        self.tell(ev.PolicyChanged, policy=POLICIES[max(made, 0)])

    @rule(version=VERSIONS, mark=st.sampled_from(["1", "other"]), chart=st.booleans())
    def announce(self, version: str, mark: str, chart: bool) -> None:
        self.tell(ev.ArtifactAnnounced, version=version, part=CHART if chart else IMAGE, digest=digest(f"image {mark}"))

    @rule(version=VERSIONS, found=st.sampled_from([None, "1", "2", "other"]))
    def read_tags(self, version: str, found: str | None) -> None:
        image = digest(f"image {found}") if found else None
        self.tell(ev.TagsRead, effect="x", version=version, parts=image_and_chart(image, None, Version.parse(version)))

    @rule(presence=st.sampled_from(Presence), foreign=st.sampled_from(["", "", "", "kubectl"]))
    def change_the_world(self, presence: Presence, foreign: str) -> None:
        self.pilot.world.presence = presence
        self.pilot.world.facts["foreign"] = foreign

    @precondition(lambda self: self.pilot.told)
    @rule(number=st.integers(0, 200))
    def tell_again(self, number: int) -> None:
        """What was told before never raises, and a report counts once."""
        event = self.pilot.told[number % len(self.pilot.told)]
        decision = self.pilot.tell(event)
        if isinstance(event, REPORTS):
            assert decision.outcome is Outcome.IGNORED

    def teardown(self) -> None:
        """With the world well again and nobody holding anything, everything ends."""
        if not hasattr(self, "pilot"):
            return
        self.pilot.estate = Estate()
        self.pilot.world.facts.clear()
        self.pilot.world.build = lambda build: good_result(str(build.number))
        for _ in range(200):
            self.pilot.perform()
            while self.pilot.state.holds:
                self.lift_an_artifact_hold()
            if not self.pilot.state.releases and not self.pilot.state.validations:
                return
            self.pilot.pass_time(timedelta(hours=9))
        open_ones = [(one.number, one.phase, one.reason) for _, one in promotions(self.pilot.state)]
        raise AssertionError(f"never ended: {list(self.pilot.state.releases)} {open_ones}")


@pytest.mark.slow
def test_whatever_happens_the_laws_hold_and_everything_ends() -> None:
    """Only legal moves, one deployment at a time, no production without a counted yes, a reason and a time for all."""
    run_state_machine_as_test(
        WholeReleases,
        settings=settings(
            max_examples=200,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
