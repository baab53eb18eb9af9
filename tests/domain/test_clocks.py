"""Rules under a clock that is set, or that differs from the one of the host before: nothing counts for longer, nothing twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.domain.deciding.waiting import CLOCKS_APART
from shared.domain.drafts.decision import Outcome
from shared.domain.gating.gates import FACTS_FRESH
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.policies.policy import DenyWindow, GateRules
from shared.domain.state.estate import Estate
from shared.domain.state.phases import Phase, ReleasePhase
from shared.domain.values.records import replace
from tests.support.pilot import NOON, PRODUCTION, QA, Pilot, policy
from tests.support.pilot_more import DAY, HOUR, asked, codes, hold

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
APART = 5 * MINUTE
EVENING = DenyWindow(cron="0 13 * * *", duration=2 * HOUR, timezone="UTC", reason="closed")
FREE = replace(PRODUCTION, approval=None)
SOAKED = replace(FREE, gates=GateRules(soak=HOUR))
CLOSED = policy(QA, replace(PRODUCTION, freezes=(EVENING,)))
JUMPS = [-30 * DAY, -DAY, -HOUR, -3 * SECOND, 3 * SECOND, HOUR, 30 * DAY]


def at(pilot: Pilot, now: datetime) -> None:
    """Set the clock and look."""
    pilot.pass_time(now - pilot.now)


# What was read, asked and said before the clock was set back


@pytest.mark.parametrize("back", [CLOCKS_APART + SECOND, FACTS_FRESH, DAY, 30 * DAY])
def test_facts_read_by_a_clock_that_was_set_back_since_are_read_again(back: timedelta) -> None:
    """Else they would count as new for as long as the clock was set back, and longer."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    pilot.now -= back

    pilot.answer()

    assert codes(pilot, "1.0.0") == ["FactMissing"]
    pilot.perform()
    assert pilot.promotion("1.0.0", "production").phase is Phase.SUCCEEDED


def test_facts_of_a_time_to_come_are_forgotten_under_a_hold_as_well() -> None:
    """Else they would be there when the clock has come back to where it was, as old as it was set back."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    hold(pilot)

    decision = pilot.pass_time(-2 * HOUR)

    assert [type(one) for one in decision.effects] == [ef.GatherFacts]
    assert pilot.promotion("1.0.0", "production").facts is None


@pytest.mark.parametrize("apart", [-APART, APART])
def test_facts_read_by_a_host_a_few_minutes_apart_are_not_read_again(apart: timedelta) -> None:
    """Its clock is no reason to mistrust it."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    pilot.now += apart

    decision = pilot.answer()

    assert [type(one) for one in decision.effects if isinstance(one, ef.GatherFacts)] == []
    assert pilot.promotion("1.0.0", "production").phase is Phase.RETAGGING


def test_what_could_not_be_read_is_asked_again_also_when_the_clock_was_set_back() -> None:
    """The question was asked at a time to come, by the clock; its answer was trouble."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag)
    [question] = [one for one in pilot.open if isinstance(one, ef.GatherFacts)]
    pilot.open.clear()
    fault: dict[str, Any] = {"number": question.number, "attempt": question.asked, "reason": "gone", "ours": True}
    pilot.tell(ev.EffectFailed(**pilot.ids(), effect=question.id, **fault, changed=False))

    decision = pilot.pass_time(-HOUR)

    assert [one.asked for one in decision.effects if isinstance(one, ef.GatherFacts)] == [question.asked + 1]


@pytest.mark.parametrize("jump", [-23 * HOUR, -HOUR, -3 * SECOND, APART, 23 * HOUR])
def test_an_approval_counts_by_the_clock_and_is_not_asked_twice(jump: timedelta) -> None:
    """Within what it is valid for, in either direction: the same yes, asked once."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    hold(pilot)
    pilot.answer()
    pilot.now += jump
    pilot.estate = Estate()
    pilot.pass_time(timedelta(0))
    pilot.perform()

    assert pilot.promotion("1.0.0", "production").phase is Phase.SUCCEEDED
    assert len(asked(pilot.sent)) == 1


@pytest.mark.parametrize("jump", [-30 * DAY, -DAY - HOUR, DAY, 6 * DAY])
def test_an_approval_that_is_as_far_off_as_it_is_valid_is_asked_again_once(jump: timedelta) -> None:
    """A clock that is set back keeps a yes alive for no longer than one that stands."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    hold(pilot)
    pilot.answer()
    pilot.now += jump
    late = pilot.answer()
    pilot.estate = Estate()
    for _ in range(3):
        pilot.pass_time(MINUTE)
        pilot.perform()

    assert (late.outcome, late.code) == (Outcome.REFUSED, "approval-lapsed")
    assert len(asked(pilot.sent)) == 2
    assert pilot.promotion("1.0.0", "production").phase is Phase.WAITING


# Deadlines, soak and windows by the clock


@pytest.mark.parametrize("jump", JUMPS)
def test_a_question_expires_once_and_when_the_clock_shows_it(jump: timedelta) -> None:
    """Not before, whatever the clock did, and not again when it is put right."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    end = NOON + timedelta(days=7)
    at(pilot, NOON + jump)
    early = pilot.promotion("1.0.0", "production").phase
    at(pilot, min(end - SECOND, pilot.now))
    at(pilot, max(end, pilot.now))
    at(pilot, NOON)
    at(pilot, end)

    assert early is (Phase.EXPIRED if jump >= end - NOON else Phase.WAITING)
    assert pilot.promotion("1.0.0", "production").phase is Phase.EXPIRED
    assert [note for one in pilot.decisions for note in one.notes if "Waiting → Expired" in note] != []
    assert len([note for one in pilot.decisions for note in one.notes if "Expired" in note and "#2" in note]) == 1


@pytest.mark.parametrize("jump", JUMPS)
@pytest.mark.parametrize(
    ("performed", "phase", "ends"),
    [
        ((ef.ReadTags, ef.Build, ef.Tag, ef.GatherFacts, ef.AskApproval), Phase.DEPLOYING, Phase.ERRORED),
        ((ef.ReadTags, ef.Build, ef.Tag, ef.GatherFacts, ef.AskApproval, ef.Deploy), Phase.VERIFYING, Phase.FAILED),
    ],
)
def test_a_step_ends_at_its_deadline_by_the_clock(
    performed: tuple[type[ef.Effect], ...], phase: Phase, ends: Phase, jump: timedelta
) -> None:
    """Early, late or never reported: one end."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.perform(*performed)
    before = pilot.promotion("1.0.0", "qa")
    assert before.deadline is not None

    at(pilot, NOON + jump)
    early = pilot.promotion("1.0.0", "qa").phase
    at(pilot, max(before.deadline, pilot.now))
    at(pilot, NOON + jump)

    assert before.phase is phase
    assert early is (phase if NOON + jump < before.deadline else ends)
    assert pilot.promotion("1.0.0", "qa").phase is ends


@pytest.mark.parametrize("jump", JUMPS)
def test_a_deadline_keeps_what_is_left_of_it_while_held_whatever_the_clock_does(jump: timedelta) -> None:
    """It stands still: neither a jump while held nor one that lets the hold end takes anything from it."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    at(pilot, NOON + HOUR)
    hold(pilot)
    left = timedelta(days=7) - HOUR

    pilot.now += jump
    pilot.estate = Estate()
    pilot.pass_time(timedelta(0))

    after = pilot.promotion("1.0.0", "production")
    assert after.paused_since is None
    assert after.deadline == pilot.now + left


@pytest.mark.parametrize("jump", [one for one in JUMPS if one < timedelta(days=7)])
def test_a_soak_ends_when_the_clock_shows_its_end(jump: timedelta) -> None:
    """A host ahead ends it that much earlier, a clock set back that much later; it starts once."""
    pilot = Pilot(policy(QA, SOAKED)).release_to("1.0.0", approve=False)
    at(pilot, NOON + jump)
    early = codes(pilot, "1.0.0")
    at(pilot, NOON + HOUR)
    pilot.perform()
    at(pilot, NOON + jump)
    pilot.perform()

    assert ("Soaking" in early) is (jump < HOUR)
    assert pilot.release("1.0.0").phase is ReleasePhase.RELEASED
    assert len([one for one in pilot.sent if isinstance(one, ef.Deploy)]) == 2


@pytest.mark.parametrize(
    ("shows", "frozen"),
    [
        (NOON + HOUR - SECOND, False),
        (NOON + HOUR, True),
        (NOON + 3 * HOUR - SECOND, True),
        (NOON + 3 * HOUR, False),
        (NOON - 30 * DAY, False),
        (NOON - 30 * DAY + 2 * HOUR, True),
        (NOON + 30 * DAY + 2 * HOUR, True),
    ],
)
def test_a_window_is_what_the_clock_shows(shows: datetime, frozen: bool) -> None:
    """Wherever the clock came from: out of a window, or out of another one."""
    for before in (NOON, NOON + 2 * HOUR, NOON - DAY, NOON + DAY + 2 * HOUR):
        pilot = Pilot(CLOSED, now=before).release_to("1.0.0", approve=False)
        at(pilot, shows)
        pilot.perform()

        assert ("Frozen" in codes(pilot, "1.0.0")) is frozen


@pytest.mark.parametrize("jump", JUMPS)
@pytest.mark.parametrize("steps", range(1, 11))
def test_a_jump_between_any_two_steps_brings_a_release_to_the_same_end_or_asks_again(
    steps: int, jump: timedelta
) -> None:
    """One deployment in each environment and no step twice, unless the time of a step is over by the clock."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    for _ in range(steps):
        if pilot.open:
            pilot.perform_one(0)
    at(pilot, NOON + jump)
    for _ in range(3):
        pilot.perform()
        if any(one.phase is Phase.WAITING and one.approval for one in pilot.release("1.0.0").promotions):
            pilot.answer()

    deployed = [one.number for one in pilot.sent if isinstance(one, ef.Deploy)]
    assert len(deployed) == len(set(deployed))
    if jump < HOUR:
        assert pilot.release("1.0.0").phase is ReleasePhase.RELEASED
        assert deployed == [1, 2]


@pytest.mark.parametrize("apart", [-APART, APART])
def test_two_hosts_apart_deciding_by_turns_start_a_promotion_once(apart: timedelta) -> None:
    """The one sees the window five minutes before the other; it deploys when one of them sees it end."""
    pilot = Pilot(CLOSED).release_to("1.0.0", approve=False)
    pilot.now = NOON + HOUR - 7 * MINUTE
    phases = set()
    for minute in range(140):
        pilot.pass_time(apart if minute % 2 else -apart)
        if minute == 20:
            pilot.answer()
        pilot.perform()
        phases.add((minute, pilot.promotion("1.0.0", "production").phase))
        pilot.now += MINUTE

    deployed = [one.number for one in pilot.sent if isinstance(one, ef.Deploy)]
    first = min(minute for minute, phase in phases if phase is Phase.SUCCEEDED)
    assert deployed == [1, 2]
    assert abs(timedelta(minutes=first) - (2 * HOUR + 7 * MINUTE)) <= APART + 2 * MINUTE
    assert len(asked(pilot.sent)) == 1
