"""Time as a gate: soaking where it comes from, deny windows where it goes to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.messages import effects as ef
from shared.domain.policies.policy import DenyWindow, ServicePolicy
from shared.domain.state.phases import Phase
from shared.domain.values.records import replace
from tests.support.pilot import NOON, PRODUCTION, Pilot, environment, policy
from tests.support.pilot_more import HOUR, codes, reasons, redeploy, roll_back

EVENING = DenyWindow(cron="0 13 * * *", duration=10 * HOUR, timezone="UTC", reason="no deployments in the evening")


def gated(*after: str, soak: timedelta = timedelta(0), freezes: tuple[DenyWindow, ...] = ()) -> ServicePolicy:
    """Production without an approval, behind the given environments."""
    gates = replace(PRODUCTION.gates, soak=soak)
    names = after or ("qa",)
    made = replace(PRODUCTION, after=names, approval=None, gates=gates, freezes=freezes)
    return policy(*(environment(name) for name in names), made)


def test_a_version_soaks_in_what_comes_before() -> None:
    """From its success there, for the time the environment asks for."""
    pilot = Pilot(gated(soak=HOUR)).release_to("1.0.0", approve=False)
    (found,) = reasons(pilot, "1.0.0")

    pilot.pass_time(HOUR - timedelta(microseconds=1))
    before = pilot.promotion("1.0.0", "production").phase
    pilot.pass_time(timedelta(microseconds=1))

    assert (found.code, found.since, found.until) == ("Soaking", NOON, NOON + HOUR)
    assert found.reason == "runs in qa until 2026-11-23 13:00 UTC first"
    assert (before, pilot.promotion("1.0.0", "production").phase) == (Phase.WAITING, Phase.RETAGGING)


def test_the_last_of_several_environments_counts() -> None:
    """All of what comes before has to have run that long."""
    pilot = Pilot(gated("qa", "staging", soak=HOUR))
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag, ef.GatherFacts, ef.Deploy)
    pilot.perform_one(next(i for i, one in enumerate(pilot.open) if isinstance(one, ef.ObserveRollout)))
    pilot.now += HOUR / 2
    pilot.world.facts = {"at": pilot.now}
    pilot.perform()

    assert reasons(pilot, "1.0.0")[-1].until == NOON + HOUR * 1.5


@pytest.mark.parametrize("performed", [(), (ef.GatherFacts, ef.Deploy)])
def test_a_redeploy_does_not_cut_the_time_short(performed: tuple[type[ef.Effect], ...]) -> None:
    """What succeeded there before still has to soak."""
    pilot = Pilot(gated(soak=HOUR)).release_to("1.0.0", approve=False)
    redeploy(pilot, environment="qa")
    if performed:
        pilot.perform(*performed)

    assert codes(pilot, "1.0.0") == ["Soaking"]


def test_a_redeploy_that_succeeded_soaks_anew() -> None:
    """It runs from then on."""
    pilot = Pilot(gated(soak=HOUR)).release_to("1.0.0", approve=False)
    pilot.pass_time(HOUR / 2)
    redeploy(pilot, environment="qa")
    pilot.perform()

    assert reasons(pilot, "1.0.0")[-1].until == NOON + HOUR * 1.5


def test_a_freeze_says_until_when_and_why() -> None:
    """Operators can override it."""
    pilot = Pilot(gated(freezes=(EVENING,)), now=NOON + HOUR).release_to("1.0.0", approve=False)

    (found,) = reasons(pilot, "1.0.0")

    assert found.reason == "frozen until 2026-11-23 23:00 UTC: no deployments in the evening"
    assert (found.code, found.until, found.who) == ("Frozen", NOON + 11 * HOUR, ("operators",))


def test_a_freeze_that_ends_lets_it_start() -> None:
    """With what was read anew, once it is too old."""
    pilot = Pilot(gated(freezes=(EVENING,)), now=NOON + HOUR).release_to("1.0.0", approve=False)

    pilot.pass_time(10 * HOUR)
    stale = codes(pilot, "1.0.0")
    pilot.perform(ef.GatherFacts)

    assert stale == ["FactMissing"]
    assert pilot.promotion("1.0.0", "production").phase is Phase.RETAGGING


def test_a_freeze_never_stops_a_rollback() -> None:
    """Nor one that a person asks for."""
    pilot = Pilot(gated(freezes=(EVENING,))).release_to("1.0.0", approve=False).release_to("1.1.0", approve=False)
    pilot.now += HOUR

    roll_back(pilot)
    pilot.perform()

    assert pilot.promotion("1.1.0", "production").phase is Phase.ROLLED_BACK


def test_a_freeze_that_begins_while_copying_is_waited_for_before_deploying() -> None:
    """What is being copied is finished; the deadline stands still."""
    pilot = Pilot(gated(freezes=(EVENING,)), now=NOON + HOUR * 0.9).release_to("1.0.0", approve=False)
    assert pilot.promotion("1.0.0", "production").phase is Phase.SUCCEEDED
    pilot.push_release("1.1.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag, ef.GatherFacts)
    pilot.perform(ef.Deploy, ef.ObserveRollout, ef.GatherFacts)
    pilot.pass_time(HOUR * 0.1)
    pilot.perform(ef.Retag)

    assert codes(pilot, "1.1.0") == ["Frozen"]
    assert pilot.promotion("1.1.0", "production").phase is Phase.RETAGGING
    pilot.pass_time(10 * HOUR)
    assert pilot.promotion("1.1.0", "production").phase is Phase.DEPLOYING


def test_a_deployment_that_a_freeze_kept_from_being_written_is_not_overdue() -> None:
    """Its deadline, and the time it may write until, move on by the length of the freeze."""
    pilot = Pilot(gated(freezes=(EVENING,)), now=NOON + HOUR * 0.9).release_to("1.0.0", approve=False)
    pilot.push_release("1.1.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag, ef.GatherFacts)
    pilot.perform(ef.Deploy, ef.ObserveRollout, ef.GatherFacts)
    pilot.perform(ef.Retag)
    before = pilot.promotion("1.1.0", "production")

    pilot.pass_time(HOUR * 0.1)
    wake = pilot.pass_time(HOUR * 0.4).wake
    pilot.pass_time(HOUR * 9.6)

    after = pilot.promotion("1.1.0", "production")
    assert before.deadline is not None
    assert wake == ((datetime(2026, 11, 23, 23, tzinfo=UTC), "freeze"),)
    assert (after.phase, after.paused_since) == (Phase.DEPLOYING, None)
    assert after.deadline == after.writing_until == before.deadline + 10 * HOUR


def test_a_rollback_has_its_deadline_in_a_freeze_too() -> None:
    """Nothing pauses a rollback."""
    pilot = Pilot(gated(freezes=(EVENING,))).release_to("1.0.0", approve=False).release_to("1.1.0", approve=False)
    pilot.now += HOUR
    roll_back(pilot)
    pilot.perform(ef.GatherFacts)
    assert pilot.promotion("1.1.0", "production").phase is Phase.DEPLOYING

    pilot.pass_time(timedelta(minutes=30))

    assert pilot.promotion("1.1.0", "production").phase is Phase.ROLLBACK_FAILED
