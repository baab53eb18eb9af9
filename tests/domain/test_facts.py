"""What is read of the outside: asked for when it is needed, and forgotten when it is of another time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.drafts.decision import Decision, Outcome
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.state.phases import Phase
from shared.domain.state.promotion import Facts, Presence
from shared.domain.values.records import replace
from tests.support.pilot import NOON, PRODUCTION, QA, Pilot, policy
from tests.support.pilot_more import HOUR, change, codes, hold, lift, promote


def packaged() -> Pilot:
    """Version 1.0.0, whose facts for qa were asked for."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    return pilot.perform(ef.ReadTags, ef.Build, ef.Tag)


def gather(pilot: Pilot, effect: ef.Effect, **changes: Any) -> Decision:
    """Report what was read for an effect."""
    assert isinstance(effect, ef.GatherFacts)
    facts = pilot.facts(**changes)
    read = ev.FactsGathered(
        **pilot.ids(), effect=effect.id, number=effect.number, facts=facts, rendered=pilot.rendered(effect.number)
    )
    return pilot.tell(read)


def test_facts_are_asked_for_when_a_promotion_waits() -> None:
    """Not earlier: production's are read when qa succeeded."""
    pilot = packaged()

    assert [one.id for one in pilot.effects(ef.GatherFacts)] == ["shipping~delivery:1:gather-facts:1"]


def test_what_is_not_answered_is_asked_again() -> None:
    """After ten minutes, under another number."""
    pilot = packaged()

    wake = pilot.pass_time(timedelta(minutes=10) - timedelta(microseconds=1)).wake
    before = len(pilot.effects(ef.GatherFacts))
    pilot.pass_time(timedelta(microseconds=1))

    assert wake == ((NOON + timedelta(minutes=10), "facts"),)
    assert (before, len(pilot.effects(ef.GatherFacts))) == (1, 2)
    assert pilot.promotion("1.0.0", "qa").facts_asked == pilot.now


def test_only_the_answer_to_the_last_question_counts() -> None:
    """An earlier one, or the same again, changes nothing."""
    pilot = packaged()
    hold(pilot)
    pilot.pass_time(timedelta(minutes=10))
    first, second = pilot.effects(ef.GatherFacts)

    late = gather(pilot, first)
    counted = gather(pilot, second)
    again = gather(pilot, second)

    assert [one.outcome for one in (late, counted, again)] == [Outcome.IGNORED, Outcome.NOTED, Outcome.IGNORED]
    assert late.code == again.code == "replaced"


@pytest.mark.parametrize("number", [1, 9])
def test_an_answer_for_a_promotion_that_does_not_wait_is_late(number: int) -> None:
    """It has started, or never was."""
    pilot = packaged().perform(ef.GatherFacts)
    assert pilot.promotion("1.0.0", "qa").phase is Phase.DEPLOYING

    decision = gather(pilot, ef.GatherFacts(service=pilot.state.service, number=number, asked=1))

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "late")


def test_what_is_older_than_an_hour_is_read_again_before_it_is_acted_on() -> None:
    """The approval may come much later than the reading."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    pilot.pass_time(HOUR + timedelta(microseconds=1))
    before = len(pilot.effects(ef.GatherFacts))

    pilot.answer()

    assert codes(pilot, "1.0.0") == ["FactMissing"]
    assert len(pilot.effects(ef.GatherFacts)) == before + 1
    pilot.perform(ef.GatherFacts)
    assert pilot.promotion("1.0.0", "production").phase is Phase.RETAGGING


def test_what_is_read_again_may_stand_in_the_way() -> None:
    """The live version went missing while people were asked."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0", approve=False)
    pilot.pass_time(2 * HOUR)
    pilot.world.presence = Presence.GONE
    pilot.answer()
    pilot.perform()

    assert codes(pilot, "1.1.0") == ["NoWayBack"]


def test_a_reading_that_says_nothing_of_what_is_live_is_asked_for_again() -> None:
    """The way back is proven, never assumed."""
    pilot = Pilot().release_to("1.0.0")
    pilot.push_release("1.1.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag)

    gather(pilot, pilot.effects(ef.GatherFacts)[-1], targets=())

    assert codes(pilot, "1.1.0", "qa") == ["FactMissing"]
    assert len([one for one in pilot.open if isinstance(one, ef.GatherFacts)]) == 2


@pytest.mark.parametrize("other", [{"values": ("other.yaml",)}, {"set": (("a", "b"),)}, {"namespace": "other"}])
def test_when_the_rules_of_an_environment_change_its_facts_are_read_again(other: dict[str, Any]) -> None:
    """Manifests were rendered by the old ones; an answer that is under way is for the old ones too."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    hold(pilot)
    pilot.answer()
    asked = pilot.effects(ef.GatherFacts)[-1]

    change(pilot, QA, replace(PRODUCTION, **other))
    late = gather(pilot, asked)
    lift(pilot)

    assert late.code == "replaced"
    assert codes(pilot, "1.0.0") == ["FactMissing"]
    pilot.perform(ef.GatherFacts)
    assert pilot.promotion("1.0.0", "production").phase is Phase.RETAGGING


def test_rules_of_another_environment_change_nothing() -> None:
    """What was read for production still holds."""
    pilot = Pilot().release_to("1.0.0", approve=False)

    change(pilot, replace(QA, values=("other.yaml",)), PRODUCTION)

    assert pilot.promotion("1.0.0", "production").facts is not None


def test_when_another_version_goes_live_facts_are_read_again() -> None:
    """Authors since then, and the way back, are others."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0", approve=False)
    asked = len([one for one in pilot.effects(ef.GatherFacts) if isinstance(one, ef.GatherFacts) and one.number == 4])
    pilot.release_to("1.0.1")

    read = pilot.promotion("1.1.0", "production").facts
    assert read is not None
    assert read.presence(6) is Presence.HERE
    numbers = [one.number for one in pilot.effects(ef.GatherFacts) if isinstance(one, ef.GatherFacts)]
    assert numbers.count(4) == asked + 1


def test_a_retry_reads_again() -> None:
    """What was known when it failed is of another time; a late answer to the old question is not taken."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    pilot.world.broken["retag"] = {}
    pilot.answer()
    pilot.perform()
    old = pilot.effects(ef.GatherFacts)[-1]
    pilot.tell(ev.RetryRequested(**pilot.ids(), version="1.0.0", person=pilot.release("1.0.0").pushed_by))  # type: ignore[arg-type]

    assert gather(pilot, old).code == "replaced"
    assert codes(pilot, "1.0.0") == ["FactMissing"]


def test_presence_is_of_the_promotion_that_brought_the_artifact() -> None:
    """What was not asked is not known."""
    facts = Facts(at=NOON, targets=((3, Presence.COPYABLE),))

    assert facts.presence(3) is Presence.COPYABLE
    assert facts.presence(4) is None


def test_a_first_promotion_reads_no_way_back() -> None:
    """There is none to be proven."""
    pilot = Pilot(policy(QA))
    pilot.world.presence = Presence.GONE
    pilot.release_to("1.0.0", approve=False)

    assert pilot.promotion("1.0.0", "qa").phase is Phase.SUCCEEDED
    assert promote(pilot, "1.0.0", "qa").code == "already-live"
