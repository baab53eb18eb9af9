"""A policy that changes, and services and environments that leave it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.domain.drafts.decision import Decision, Outcome
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.policies.policy import ServicePolicy
from shared.domain.state.estate import EVERYTHING, Estate, Hold
from shared.domain.state.phases import Phase, ReleasePhase
from shared.domain.values.records import replace
from tests.support.pilot import OPERATOR, PRODUCTION, QA, Pilot, policy

ONLY_QA = policy(QA, digest="e" * 64)


def change(pilot: Pilot, made: ServicePolicy = ONLY_QA) -> Decision:
    return pilot.tell(ev.PolicyChanged(**pilot.ids(), policy=made))


def remove(pilot: Pilot) -> Decision:
    return pilot.tell(ev.ServiceRemoved(**pilot.ids()))


def in_production(*performed: type[ef.Effect]) -> Pilot:
    pilot = Pilot().release_to("1.0.0", approve=False)
    pilot.answer()
    return pilot.perform(ef.GatherFacts, *performed)


def test_a_policy_that_says_nothing_new_is_no_news() -> None:
    """It is recorded only."""
    decision = change(Pilot(), policy())

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "known")


def test_a_new_policy_is_noted_with_its_digest_and_commit() -> None:
    """So that the ledger says which rules were in force."""
    decision = change(Pilot())

    assert decision.notes == (f"policy {'e' * 12} of {'c' * 12} is in force",)


def test_what_waits_follows_the_policy_in_force() -> None:
    """An environment that asks for no approval any more is entered."""
    pilot = Pilot().release_to("1.0.0", approve=False)

    change(pilot, policy(QA, replace(PRODUCTION, approval=None), digest="e" * 64))
    pilot.perform(ef.GatherFacts)

    assert pilot.promotion("1.0.0", "production").phase is Phase.RETAGGING


def test_what_waits_for_an_environment_that_leaves_is_aborted() -> None:
    """The reason says so, and the request is withdrawn."""
    pilot = Pilot().release_to("1.0.0", approve=False)

    change(pilot)

    production = pilot.promotion("1.0.0", "production")
    assert (production.phase, production.reason) == (
        Phase.ABORTED,
        "environment production left the configuration",
    )
    assert len(pilot.effects(ef.CloseApproval)) == 1


def test_what_is_pending_for_an_environment_that_leaves_is_aborted_too() -> None:
    """It does not wait for a turn that never comes."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag)

    change(pilot)

    assert pilot.promotion("1.0.0", "production").phase is Phase.ABORTED
    assert pilot.promotion("1.0.0", "qa").phase is Phase.WAITING


@pytest.mark.parametrize("performed", [(), (ef.Retag,), (ef.Retag, ef.Deploy)])
@pytest.mark.parametrize("leave", [change, remove])
def test_what_runs_finishes_in_an_environment_that_leaves(
    leave: Callable[[Pilot], Decision], performed: tuple[type[ef.Effect], ...]
) -> None:
    """By the policy that it pinned when it started; the history stays."""
    pilot = in_production(*performed)

    leave(pilot)
    pilot.perform()

    assert pilot.promotion("1.0.0", "production").phase is Phase.SUCCEEDED
    live = pilot.state.environments["production"].live
    assert live is not None
    assert live.promotion == 2


@pytest.mark.parametrize("leave", [change, remove])
def test_what_fails_in_an_environment_that_leaves_is_still_rolled_back(leave: Callable[[Pilot], Decision]) -> None:
    """By the policy of what is undone."""
    pilot = Pilot().release_to("1.0.0")
    pilot.world.unhealthy = {4}
    pilot.release_to("1.1.0", approve=False)
    pilot.answer()
    pilot.perform(ef.GatherFacts, ef.Retag)

    leave(pilot)
    pilot.perform()

    rollback = pilot.promotion("1.1.0", "production")
    assert (rollback.phase, rollback.pinned_policy) == (Phase.ROLLED_BACK, PRODUCTION)


def test_a_service_that_leaves_has_its_builds_cancelled_and_what_waits_aborted() -> None:
    """Releases that are not packaged end, with the reason on their commits."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    pilot.push("refs/heads/main")
    pilot.push_release("1.1.0")
    pilot.push_release("1.2.0")
    pilot.perform(ef.ReadTags)

    remove(pilot)

    assert pilot.state.releases == {}
    assert pilot.state.validations == {}
    assert {pilot.release(version).phase for version in ("1.0.0", "1.1.0", "1.2.0")} == {ReleasePhase.ABORTED}
    assert pilot.promotion("1.0.0", "production").reason == "delivery left the configuration"
    assert len(pilot.effects(ef.CancelBuild)) == 3


def test_a_service_leaves_once() -> None:
    """The second time is no news."""
    pilot = Pilot()
    remove(pilot)

    decision = remove(pilot)

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "known")


def test_a_service_that_comes_back_is_released_again() -> None:
    """Nothing of it was forgotten."""
    pilot = Pilot().release_to("1.0.0")
    remove(pilot)
    change(pilot, policy())

    pilot.release_to("1.1.0")

    good = pilot.state.environments["production"].good
    assert [one.artifact.version.text for one in good] == ["1.1.0", "1.0.0"]


def test_a_rollback_that_no_plan_is_known_for_fails_and_calls_people() -> None:
    """Its environment left, and what it undoes had given up its policy for a retry."""
    pilot = Pilot().release_to("1.0.0")
    pilot.world.broken["deploy"] = {"changed": True}
    pilot.release_to("1.1.0", approve=False)
    assert pilot.promotion("1.1.0", "qa").phase is Phase.ERRORED
    pilot.estate = Estate(holds=(Hold(id="h", scope=EVERYTHING, reason="x", person=OPERATOR, since=pilot.now),))
    pilot.tell(ev.RetryRequested(**pilot.ids(), version="1.1.0", person=OPERATOR))
    change(pilot, policy(replace(QA, name="other"), digest="e" * 64))
    assert pilot.promotion("1.1.0", "qa").phase is Phase.ABORTED

    said: dict[str, Any] = {"environment": "qa", "reason": "bad", "to": "", "person": OPERATOR}
    pilot.tell(ev.RollbackRequested(**pilot.ids(), **said))

    rollback = pilot.promotion("1.1.0", "qa")
    assert (rollback.phase, rollback.reason) == (Phase.ROLLBACK_FAILED, "environment qa left the configuration")
