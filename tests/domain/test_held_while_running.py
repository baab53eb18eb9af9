"""A hold or a freeze that begins while a promotion runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.policies.policy import DenyWindow
from shared.domain.state.estate import EVERYTHING, Estate, Hold
from shared.domain.state.phases import Phase
from shared.domain.values.records import replace
from tests.support.pilot import OPERATOR, PRODUCTION, QA, Pilot, policy

# From one o'clock: an hour after the pilot's time begins.
FREEZE = DenyWindow(cron="0 13 * * *", duration=timedelta(hours=4), timezone="UTC", reason="quiet hours")
FROZEN = policy(QA, replace(PRODUCTION, freezes=(FREEZE,)))


def retagging(pilot: Pilot, *performed: type[ef.Effect]) -> Pilot:
    pilot.release_to("1.0.0", approve=False)
    pilot.answer()
    return pilot.perform(ef.GatherFacts, *performed)


def hold(pilot: Pilot) -> None:
    pilot.estate = Estate(holds=(Hold(id="h", scope=EVERYTHING, reason="outage", person=OPERATOR, since=pilot.now),))
    pilot.tell(ev.TimePassed(**pilot.ids()))


def lift(pilot: Pilot) -> None:
    pilot.estate = Estate()
    pilot.tell(ev.TimePassed(**pilot.ids()))


def test_during_retagging_it_finishes_and_waits_before_deploying() -> None:
    """The copy is done; nothing is deployed into a hold."""
    pilot = retagging(Pilot())
    hold(pilot)

    pilot.perform()

    production = pilot.promotion("1.0.0", "production")
    assert (production.phase, production.retagged) == (Phase.RETAGGING, True)
    assert production.reason == "held (everything) by Olga Operator: outage"
    assert any(f"#2 waits: {production.reason}" in note for one in pilot.decisions for note in one.notes)


def test_when_the_hold_is_lifted_it_deploys() -> None:
    """What was copied is not copied again."""
    pilot = retagging(Pilot())
    hold(pilot)
    pilot.perform()

    lift(pilot)
    pilot.perform()

    assert pilot.promotion("1.0.0", "production").phase is Phase.SUCCEEDED
    assert len(pilot.effects(ef.Retag)) == 1


def test_the_reason_for_waiting_is_told_once() -> None:
    """Looking again adds nothing."""
    pilot = retagging(Pilot())
    hold(pilot)
    pilot.perform()

    decision = pilot.pass_time(timedelta(minutes=1))

    assert decision.notes == ()


def test_a_freeze_stops_it_before_deploying_as_a_hold_does() -> None:
    """It goes on when the window closes, at a time that is known."""
    pilot = retagging(Pilot(FROZEN))
    pilot.now += timedelta(hours=1)
    pilot.perform()
    assert pilot.promotion("1.0.0", "production").reason == "frozen until 2026-11-23 17:00 UTC: quiet hours"
    assert pilot.decisions[-1].wake[0][0].hour == 17

    pilot.pass_time(timedelta(hours=4))

    assert pilot.promotion("1.0.0", "production").phase is Phase.DEPLOYING


@pytest.mark.parametrize("performed", [(ef.Retag,), (ef.Retag, ef.Deploy)])
def test_during_deploying_and_verifying_it_finishes(performed: tuple[type[ef.Effect], ...]) -> None:
    """A half deployment would be worse."""
    pilot = retagging(Pilot(), *performed)

    hold(pilot)
    pilot.perform()

    assert pilot.promotion("1.0.0", "production").phase is Phase.SUCCEEDED


def test_the_deadline_of_retagging_stands_still_while_held() -> None:
    """It moves on by the time that was spent so."""
    pilot = retagging(Pilot())
    before = pilot.promotion("1.0.0", "production").deadline
    hold(pilot)

    pilot.pass_time(timedelta(days=3))
    assert pilot.promotion("1.0.0", "production").phase is Phase.RETAGGING
    lift(pilot)

    assert before is not None
    assert pilot.promotion("1.0.0", "production").deadline == before + timedelta(days=3)


def test_what_waits_is_not_expired_by_a_hold() -> None:
    """Its deadline stands still too."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    hold(pilot)

    pilot.pass_time(timedelta(days=30))

    assert pilot.promotion("1.0.0", "production").phase is Phase.WAITING


def test_a_hold_that_ends_by_itself_has_somebody_look_then() -> None:
    """The service wakes at its end."""
    pilot = retagging(Pilot())
    until = pilot.now + timedelta(minutes=10)
    held = Hold(id="h", scope=EVERYTHING, reason="outage", person=OPERATOR, since=pilot.now, until=until)
    pilot.estate = Estate(holds=(held,))

    decision = pilot.tell(ev.TimePassed(**pilot.ids()))

    assert decision.wake == ((until, "hold"),)


def test_a_hold_never_stops_a_rollback() -> None:
    """The way back is always open."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0")
    hold(pilot)

    said: dict[str, Any] = {"environment": "production", "reason": "bad", "to": ""}
    pilot.tell(ev.RollbackRequested(**pilot.ids(), person=OPERATOR, **said))
    pilot.perform()

    assert pilot.promotion("1.1.0", "production").phase is Phase.ROLLED_BACK
