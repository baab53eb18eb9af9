"""What cannot be read is said, and asked for again soon."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.drafts.decision import Decision, Outcome
from shared.domain.gating.gate import OPERATORS, OURSELVES
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.state.phases import Phase
from tests.support.pilot import Pilot
from tests.support.pilot_more import reasons

PAUSE = timedelta(minutes=2)
SAID = "the outside cannot be read: no such commit; it is tried again"


def asked() -> Pilot:
    """Version 1.0.0, whose facts for qa were asked for."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    return pilot.perform(ef.ReadTags, ef.Build, ef.Tag)


def fail(pilot: Pilot, number: int = 1, *, round: int = 1) -> Decision:
    """Report that the facts could not be read."""
    effect = ef.GatherFacts(service=pilot.state.service, number=number, asked=round)
    said = {**pilot.ids(), "effect": effect.id, "number": number, "attempt": round}
    return pilot.tell(ev.EffectFailed(**said, reason="no such commit", ours=False, changed=False))


def test_trouble_is_the_reason_until_the_facts_are_read() -> None:
    """With who can mend it; asked for again after two minutes, not ten."""
    pilot = asked()
    wake = fail(pilot).wake
    [blocker] = [one for one in reasons(pilot, "1.0.0") if one.environment == "qa" and one.gate == "facts"]
    pilot.open.clear()
    pilot.pass_time(PAUSE)
    again = [one.id for one in pilot.open]
    pilot.perform(ef.GatherFacts)
    promotion = pilot.promotion("1.0.0", "qa")

    assert (blocker.code, blocker.reason, blocker.who) == ("FactMissing", SAID, (OPERATORS, OURSELVES))
    assert wake == ((pilot.now, "facts"),)
    assert again == ["shipping~delivery:1:gather-facts:2"]
    assert (promotion.phase, promotion.trouble) == (Phase.DEPLOYING, "")


@pytest.mark.parametrize(("number", "round"), [(1, 2), (2, 1), (9, 1)])
def test_trouble_that_nobody_waits_for_is_recorded_only(number: int, round: int) -> None:
    """Of another question, of a promotion that is not asked for, or of none."""
    pilot = asked()

    assert fail(pilot, number, round=round).outcome is Outcome.IGNORED
    assert pilot.promotion("1.0.0", "qa").trouble == ""


def test_trouble_after_the_facts_were_read_is_recorded_only() -> None:
    """The first report counts."""
    pilot = asked().perform(ef.GatherFacts)

    assert fail(pilot).outcome is Outcome.IGNORED
