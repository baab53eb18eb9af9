"""Read again just before acting."""

from __future__ import annotations

from shared.domain.deciding.fence import May, may_act
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.state.estate import EVERYTHING, Estate, Hold
from shared.domain.state.phases import Phase
from shared.domain.state.release import ArtifactHold
from shared.domain.values.records import replace
from tests.support.pilot import NOON, OPERATOR, Pilot

FREE = Estate()
HELD = Estate(holds=(Hold(id="h", scope=EVERYTHING, reason="outage", person=OPERATOR, since=NOON),))


def retagging() -> Pilot:
    pilot = Pilot().release_to("1.0.0", approve=False)
    pilot.answer()
    return pilot.perform(ef.GatherFacts)


def asked(pilot: Pilot, estate: Estate = FREE, *, attempt: int = 1, phase: Phase = Phase.RETAGGING) -> May:
    return may_act(pilot.state, estate, number=2, attempt=attempt, phase=phase, now=pilot.now)[0]


def test_the_current_attempt_may_act() -> None:
    """And is told for which release and promotion."""
    pilot = retagging()

    may, release, promotion = may_act(pilot.state, Estate(), number=2, attempt=1, phase=Phase.RETAGGING, now=pilot.now)

    assert (may, release, promotion) == (May.ACT, pilot.release("1.0.0"), pilot.promotion("1.0.0", "production"))


def test_another_attempt_or_another_phase_may_not() -> None:
    """What was replaced, or is over, writes nothing more."""
    pilot = retagging()

    assert asked(pilot, attempt=2) is May.NOT
    assert asked(pilot, phase=Phase.DEPLOYING) is May.NOT


def test_a_promotion_that_is_not_under_way_may_not() -> None:
    """Its release has ended."""
    assert asked(Pilot().release_to("1.0.0")) is May.NOT


def test_a_hold_that_came_meanwhile_lets_it_wait() -> None:
    """Holds live in another partition and are read again."""
    assert asked(retagging(), HELD) is May.WAIT


def test_a_rollback_acts_in_spite_of_a_hold() -> None:
    """The way back is always open."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0")
    pilot.tell(ev.RollbackRequested(**pilot.ids(), environment="qa", reason="bad", to="", person=OPERATOR))
    pilot.perform(ef.GatherFacts)

    may, _, _ = may_act(pilot.state, HELD, number=5, attempt=1, phase=Phase.DEPLOYING, now=pilot.now)

    assert may is May.ACT


def test_the_hold_on_an_artifact_lets_a_step_that_has_begun_finish() -> None:
    """It stands where the decision looked; what was begun would otherwise be asked about for as long as it lasts."""
    pilot = retagging()
    artifact = pilot.release("1.0.0").artifact
    assert artifact is not None
    hold = ArtifactHold(id="delivery-v1.0.0", artifact=artifact.id, version="1.0.0", reason="bad", since=NOON)
    pilot.state = replace(pilot.state, holds=(hold,))

    assert asked(pilot) is May.ACT
