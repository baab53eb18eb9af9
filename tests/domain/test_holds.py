"""Holds: by people on everything, an environment or a service; after a rollback on the artifact."""

from __future__ import annotations

import pytest

from shared.domain.drafts.decision import Outcome
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.state.phases import Phase, ReleasePhase
from tests.support.pilot import QA, Pilot, policy
from tests.support.pilot_more import DAY, HOUR, ask, codes, hold, lift, promote, reasons, redeploy, roll_back

SCOPES = ("everything", "environment:production", "service:shipping/delivery")


@pytest.mark.parametrize("scope", SCOPES)
def test_nothing_goes_forward_while_it_is_held(scope: str) -> None:
    """Approved or not; lifted, it goes on."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    hold(pilot, scope)
    pilot.answer()
    pilot.perform()
    assert codes(pilot, "1.0.0") == ["Held"]
    assert pilot.effects(ef.Retag) == []

    lift(pilot)
    pilot.perform()

    assert pilot.release("1.0.0").phase is ReleasePhase.RELEASED


@pytest.mark.parametrize("scope", ["environment:staging", "service:shipping/package", "service:other/delivery"])
def test_a_hold_of_something_else_holds_nothing(scope: str) -> None:
    """Each scope keeps to itself."""
    pilot = Pilot()
    hold(pilot, scope)

    pilot.release_to("1.0.0")

    assert pilot.release("1.0.0").phase is ReleasePhase.RELEASED


@pytest.mark.parametrize("scope", SCOPES)
def test_a_hold_never_stops_a_rollback(scope: str) -> None:
    """Neither the line that is stopped nor the hold on the artifact itself."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0")
    hold(pilot, scope)

    roll_back(pilot)
    pilot.perform()

    assert pilot.promotion("1.1.0", "production").phase is Phase.ROLLED_BACK
    live = pilot.state.environments["production"].live
    assert live is not None
    assert live.artifact.version.text == "1.0.0"


def test_a_hold_never_stops_the_rollback_of_what_failed() -> None:
    """The line may have been stopped while it was being deployed."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0", approve=False)
    pilot.answer()
    pilot.perform(ef.GatherFacts, ef.Retag, ef.Deploy)
    hold(pilot)
    pilot.world.unhealthy.add(4)
    pilot.perform()

    assert pilot.promotion("1.1.0", "production").phase is Phase.ROLLED_BACK


@pytest.mark.parametrize("scope", SCOPES)
def test_a_hold_stops_a_redeploy(scope: str) -> None:
    """It changes the environment like any other promotion."""
    pilot = Pilot().release_to("1.0.0")
    hold(pilot, scope)

    redeploy(pilot)
    pilot.perform()

    assert codes(pilot, "1.0.0") == ["Held"]


def test_a_hold_ends_at_its_time() -> None:
    """The service is looked at then."""
    pilot = Pilot(policy(QA))
    hold(pilot, until=pilot.now + HOUR / 2)
    pilot.release_to("1.0.0", approve=False)
    (found,) = reasons(pilot, "1.0.0")

    assert pilot.decisions[-1].wake == ((pilot.now + HOUR / 2, "hold"),)
    pilot.pass_time(HOUR / 2)
    pilot.perform()

    assert found.until == pilot.now
    assert pilot.release("1.0.0").phase is ReleasePhase.RELEASED


def test_a_hold_set_while_copying_is_waited_for_before_deploying() -> None:
    """The copy is finished, and its time stands still."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    pilot.answer()
    hold(pilot)
    pilot.perform()
    pilot.pass_time(DAY)

    promotion = pilot.promotion("1.0.0", "production")
    assert (promotion.phase, promotion.retagged) == (Phase.RETAGGING, True)
    assert promotion.reason == "held (everything) by Olga Operator: outage"
    lift(pilot)
    assert pilot.promotion("1.0.0", "production").phase is Phase.DEPLOYING


def test_a_hold_set_while_deploying_lets_it_finish() -> None:
    """What is half there is worse than either."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    pilot.answer()
    pilot.perform(ef.Retag)
    hold(pilot)
    pilot.perform()

    assert pilot.promotion("1.0.0", "production").phase is Phase.SUCCEEDED


def test_after_a_rollback_the_artifact_is_held_and_a_higher_version_passes() -> None:
    """In every environment, until a person lifts it."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0")
    roll_back(pilot)
    pilot.perform()

    promote(pilot, "1.1.0")
    pilot.perform()
    held = reasons(pilot, "1.1.0")[0]
    pilot.release_to("1.1.1")

    assert held.reason == ("v1.1.0 was rolled back in production: errors rise (Olga Operator); a higher version passes")
    assert (held.code, held.who) == ("Held", ("operators",))
    assert pilot.promotion("1.1.1", "production").phase is Phase.SUCCEEDED


def test_a_person_lifts_the_hold_on_an_artifact() -> None:
    """By its id and with a reason; once."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0")
    roll_back(pilot)
    pilot.perform()
    (left,) = pilot.state.holds
    promote(pilot, "1.1.0")
    pilot.perform()

    decision = ask(pilot, ev.ArtifactHoldLifted, hold=left.id, reason="it was the database")
    again = ask(pilot, ev.ArtifactHoldLifted, hold=left.id, reason="it was the database")
    pilot.perform()

    assert left.id == "delivery-v1.1.0"
    assert f"hold {left.id} lifted by Olga Operator: it was the database" in decision.notes
    assert (again.outcome, again.code) == (Outcome.REFUSED, "unknown-hold")
    assert codes(pilot, "1.1.0") == ["ApprovalNeeded"]


def test_an_artifact_is_held_once() -> None:
    """Rolled back in two environments it has one hold, with the first reason."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0")
    roll_back(pilot)
    pilot.perform()
    roll_back(pilot, environment="qa")

    (left,) = pilot.state.holds
    assert "in production" in left.reason
