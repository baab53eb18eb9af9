"""When a service is looked at again with nothing happening in between."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from shared.domain.charts.manifests import Finding
from shared.domain.deciding.next_look import next_look
from shared.domain.drafts.draft import Draft
from shared.domain.messages import effects as ef
from shared.domain.policies.policy import DenyWindow
from shared.domain.state.estate import Estate
from shared.domain.values.records import replace
from tests.support.pilot import NOON, PRODUCTION, QA, Pilot, policy
from tests.support.pilot_more import DAY, HOUR, hold

EVENING = DenyWindow(cron="0 13 * * *", duration=2 * HOUR, timezone="UTC", reason="closed")


def wakes(pilot: Pilot) -> tuple[tuple[datetime, str], ...]:
    return next_look(Draft(pilot.state, pilot.estate, pilot.now))


def test_what_waits_for_nothing_is_not_looked_at() -> None:
    """An idle service costs nothing."""
    assert wakes(Pilot()) == ()
    assert wakes(Pilot().release_to("1.0.0")) == ()


@pytest.mark.parametrize(
    ("performed", "after", "what"),
    [
        ((), HOUR, "registry"),
        ((ef.ReadTags,), 2 * HOUR, "build"),
        ((ef.ReadTags, ef.Build, ef.Tag), timedelta(minutes=10), "facts"),
        ((ef.ReadTags, ef.Build, ef.Tag, ef.GatherFacts), timedelta(minutes=30), "deadline"),
        ((ef.ReadTags, ef.Build, ef.Tag, ef.GatherFacts, ef.Deploy), timedelta(minutes=15), "deadline"),
    ],
)
def test_every_step_of_a_release_has_its_time(
    performed: tuple[type[ef.Effect], ...], after: timedelta, what: str
) -> None:
    """So that nothing is under way for ever."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    if performed:
        pilot.perform(*performed)

    assert wakes(pilot) == ((NOON + after, what),)


def test_a_validation_is_looked_at_when_its_build_is_overdue() -> None:
    """Like a release's."""
    pilot = Pilot()
    pilot.push("refs/heads/main")

    assert wakes(pilot) == ((NOON + 2 * HOUR, "build"),)


def test_a_question_is_looked_at_when_it_expires() -> None:
    """Unless something else comes first."""
    pilot = Pilot().release_to("1.0.0", approve=False)

    assert wakes(pilot) == ((NOON + 7 * DAY, "deadline"),)


def test_a_held_question_is_looked_at_when_the_hold_ends() -> None:
    """Its own time stands still; a hold without an end is lifted by a person."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    hold(pilot, "environment:production")
    without_end = wakes(pilot)
    hold(pilot, "environment:production", until=NOON + 9 * DAY)

    assert without_end == ()
    assert wakes(pilot) == ((NOON + 9 * DAY, "hold"),)


def test_a_freeze_is_looked_at_when_it_begins_and_when_it_ends() -> None:
    """Its beginning stops the clock of what waits."""
    pilot = Pilot(policy(QA, replace(PRODUCTION, freezes=(EVENING,)))).release_to("1.0.0", approve=False)
    begins = wakes(pilot)
    pilot.pass_time(HOUR)

    assert begins == ((NOON + HOUR, "freeze"),)
    assert wakes(pilot) == ((NOON + 3 * HOUR, "freeze"),)


def test_what_soaks_is_looked_at_when_it_has() -> None:
    """Counted from the success in what comes before."""
    pilot = Pilot(policy(QA, replace(PRODUCTION, gates=replace(PRODUCTION.gates, soak=HOUR))))
    pilot.release_to("1.0.0", approve=False)

    assert wakes(pilot) == ((NOON + HOUR, "soak"),)


def test_an_approval_that_waits_is_looked_at_when_it_lapses() -> None:
    """It is asked again then."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    hold(pilot)
    pilot.now += HOUR
    pilot.answer()

    assert wakes(pilot) == ((NOON + 25 * HOUR, "approval"),)


def test_the_earliest_time_is_kept() -> None:
    """The next look finds the next."""
    pilot = Pilot(policy(QA, replace(PRODUCTION, freezes=(EVENING,)))).release_to("1.0.0", approve=False)
    pilot.push("refs/heads/main")
    hold(pilot, until=NOON + HOUR / 2)

    assert wakes(pilot) == ((NOON + HOUR / 2, "hold"),)


def test_a_time_that_is_over_wakes_nobody() -> None:
    """What it was for was decided by the look that came to it."""
    pilot = Pilot(policy(QA))
    pilot.world.rendered = {"findings": (Finding("Pod/a", "b", "c"),)}
    pilot.release_to("1.0.0", approve=False)
    pilot.estate = Estate()
    draft = Draft(pilot.state, pilot.estate, NOON + 8 * DAY)

    assert next_look(draft) == ()


def test_what_comes_later_is_looked_at_when_it_expires() -> None:
    """Thirty days without a success in what comes before."""
    pilot = Pilot()
    pilot.world.rendered = {"findings": (Finding("Pod/a", "b", "c"),)}
    pilot.release_to("1.0.0", approve=False)
    late = pilot.promotion("1.0.0", "production")

    assert late.deadline == NOON + 30 * DAY
    assert wakes(pilot) == ((NOON + 7 * DAY, "deadline"),)
