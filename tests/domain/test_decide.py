"""What deciding returns."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.deciding.decide import decide
from shared.domain.drafts.decision import Outcome
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.state.estate import Estate
from shared.domain.state.phases import Phase
from shared.domain.state.release import ServiceState
from shared.domain.values.errors import ReleaseNotLoaded
from tests.support.pilot import DELIVERY, NOON, OPERATOR, Pilot, policy

PUSH = ev.ChangeFound(id="x", service=DELIVERY, ref="refs/heads/release/delivery/v1.0.0", commit="a" * 40, number=1)
CONFIGURED = ServiceState(service=DELIVERY, policy=policy())


def test_deciding_touches_nothing_that_it_is_given() -> None:
    """The same state, event and time give the same decision again."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    before = pilot.state
    event = ev.TimePassed(id="x", service=DELIVERY)

    first = decide(before, event, estate=Estate(), now=NOON + timedelta(days=1))
    second = decide(before, event, estate=Estate(), now=NOON + timedelta(days=1))

    assert first == second
    assert first.state.releases == {}
    assert list(before.releases) == [pilot.release("1.0.0").version.key()]


def test_an_ended_release_that_is_needed_is_asked_for() -> None:
    """The caller loads it and decides again; none is an answer too."""
    with pytest.raises(ReleaseNotLoaded) as missing:
        decide(CONFIGURED, PUSH, estate=Estate(), now=NOON)
    loaded = ServiceState(service=DELIVERY, policy=policy(), ended={missing.value.version_key: None})

    decision = decide(loaded, PUSH, estate=Estate(), now=NOON)

    assert decision.outcome is Outcome.MOVED
    assert list(decision.state.releases) == [missing.value.version_key]


def test_time_alone_changes_nothing_and_is_not_written_down() -> None:
    """Nothing was due."""
    pilot = Pilot().release_to("1.0.0", approve=False)

    decision = pilot.pass_time(timedelta(minutes=1))

    assert (decision.outcome, decision.effects, decision.notes) == (Outcome.NOTHING, (), ())


def test_what_is_noted_moves_nothing() -> None:
    """A new policy with nothing under way."""
    pilot = Pilot()

    assert pilot.decisions[-1].outcome is Outcome.NOTED
    assert pilot.push_release("1.0.0").outcome is Outcome.MOVED


def test_a_refusal_says_why_and_keeps_the_state() -> None:
    """With a code for programs and a reason for people."""
    pilot = Pilot()
    before = pilot.state

    decision = pilot.tell(ev.RetryRequested(**pilot.ids(), version="1.0.0", person=OPERATOR))

    assert (decision.outcome, decision.code) == (Outcome.REFUSED, "unknown-release")
    assert decision.reason == "there is no release 1.0.0 of delivery"
    assert decision.state.releases == before.releases


def test_a_request_with_an_impossible_version_is_refused() -> None:
    """Whatever was asked for."""
    pilot = Pilot()

    decision = pilot.tell(ev.AbortRequested(**pilot.ids(), version="1.0", person=OPERATOR))

    assert (decision.outcome, decision.code) == (Outcome.REFUSED, "bad-version")


def test_a_request_is_told_the_number_of_what_it_led_to() -> None:
    """So that the caller can look it up."""
    pilot = Pilot().release_to("1.0.0")

    decision = pilot.tell(ev.RedeployRequested(**pilot.ids(), environment="qa", version="", person=OPERATOR))

    assert decision.about == "3"
    assert pilot.promotion("1.0.0", "qa").number == 3


def test_a_decision_names_the_first_time_to_look_again() -> None:
    """Of all that waits, and only what lies ahead."""
    pilot = Pilot()

    build, registry = pilot.push("refs/heads/main"), pilot.push_release("1.0.0")

    assert build.wake == ((NOON + timedelta(hours=2), "build"),)
    assert registry.wake == ((NOON + timedelta(hours=1), "registry"),)


def test_where_nothing_is_under_way_nobody_looks_again() -> None:
    """Waiting costs nothing, and neither does having ended."""
    assert Pilot().release_to("1.0.0").decisions[-1].wake == ()


def test_facts_that_do_not_come_are_asked_for_again() -> None:
    """After ten minutes, under another name."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag)
    assert pilot.decisions[-1].wake == ((NOON + timedelta(minutes=10), "facts"),)
    pilot.open.clear()

    pilot.pass_time(timedelta(minutes=10))

    assert [one.subject for one in pilot.open] == ["1:gather-facts:2"]


def test_facts_of_an_earlier_reading_are_recorded_only() -> None:
    """A late report does not take back what was found since."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag)
    (first,) = (one for one in pilot.open if isinstance(one, ef.GatherFacts))
    pilot.pass_time(timedelta(minutes=10))

    decision = pilot.tell(ev.FactsGathered(**pilot.ids(), effect=first.id, number=1, facts=pilot.facts()))

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "replaced")
    assert pilot.promotion("1.0.0", "qa").phase is Phase.WAITING
