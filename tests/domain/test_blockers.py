"""Why a release stands where it stands: always a reason, always somebody who can act."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.deciding.blockers import why
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.policies.policy import DenyWindow
from shared.domain.state.phases import Phase
from shared.domain.values.records import replace
from tests.support.pilot import NOON, PRODUCTION, QA, Pilot, environment, policy
from tests.support.pilot_more import (
    DAY,
    HOUR,
    ask,
    change,
    codes,
    hold,
    lift,
    promote,
    reasons,
    redeploy,
    retry,
    roll_back,
)

STEPS = (ef.ReadTags, ef.Build, ef.Tag, ef.GatherFacts, ef.Deploy, ef.ObserveRollout)


def test_a_version_that_is_checked_waits_for_the_registry() -> None:
    """Until an answer comes, or the deadline."""
    pilot = Pilot()
    pilot.push_release("1.0.0")

    (found,) = reasons(pilot, "1.0.0")

    assert found.reason == "the registry is asked whether v1.0.0 exists"
    assert (found.code, found.who, found.since) == ("Validating", ("slipway",), NOON)
    assert found.until == NOON + HOUR


def test_a_version_that_is_packaged_waits_for_its_build() -> None:
    """With the build's number, since when and until when."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.now += HOUR
    pilot.perform(ef.ReadTags)

    (found,) = reasons(pilot, "1.0.0")

    assert found.reason == "build 1 of bbbbbbbbbbbb runs"
    assert (found.code, found.who) == ("Packaging", ("the builder",))
    assert (found.since, found.until) == (NOON + HOUR, NOON + 3 * HOUR)


def test_what_comes_later_names_the_promotion_before_it() -> None:
    """The one who can act there can act for this."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag)

    qa, production = reasons(pilot, "1.0.0")

    assert (qa.environment, qa.gate, qa.code) == ("qa", "facts", "FactMissing")
    assert production.reason == f"comes after qa, where promotion 1 is Waiting: {qa.reason}"
    assert production.who == qa.who


def test_what_a_waiting_promotion_waits_for_is_what_its_gates_say() -> None:
    """In their order; the first is the reason that the promotion shows."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    hold(pilot)

    held, approval = reasons(pilot, "1.0.0")

    assert (held.code, held.who) == ("Held", ("operators", "Olga Operator"))
    assert (approval.code, approval.who) == (
        "ApprovalNeeded",
        ("1 of release-manager@example.com, group release-managers, not the author",),
    )
    assert pilot.promotion("1.0.0", "production").reason == held.reason


@pytest.mark.parametrize(
    ("performed", "phase", "deadline"),
    [((), "Retagging", 30), ((ef.Retag,), "Deploying", 30), ((ef.Retag, ef.Deploy), "Verifying", 15)],
)
def test_a_running_promotion_says_what_it_does_and_until_when(
    performed: tuple[type[ef.Effect], ...], phase: str, deadline: int
) -> None:
    """Nothing is running without an end."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    pilot.answer()
    pilot.perform(*performed) if performed else None

    (found,) = reasons(pilot, "1.0.0")

    assert (found.code, found.gate, found.until) == (phase, phase.lower(), NOON + timedelta(minutes=deadline))
    assert found.reason.startswith("v1.0.0 ")


def test_a_copied_artifact_that_is_held_shows_the_hold() -> None:
    """Retagging is finished; deploying waits."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    pilot.answer()
    hold(pilot)
    pilot.perform(ef.Retag)

    assert codes(pilot, "1.0.0") == ["Held"]


@pytest.mark.parametrize("phase", [Phase.WAITING, Phase.RETAGGING])
def test_what_time_alone_let_go_on_says_that_it_is_looked_at_soon(phase: Phase) -> None:
    """Between a freeze's end and the next tick nothing else is in the way."""
    window = DenyWindow(cron="30 12 * * *", duration=HOUR / 4, timezone="UTC", reason="lunch")
    pilot = Pilot(policy(QA, replace(PRODUCTION, freezes=(window,)))).release_to("1.0.0", approve=False)
    if phase is Phase.RETAGGING:
        pilot.answer()
    pilot.pass_time(HOUR / 2)
    if phase is Phase.WAITING:
        pilot.answer()
        pilot.perform()
    pilot.perform(ef.Retag)
    assert codes(pilot, "1.0.0") == ["Frozen"]

    pilot.now += timedelta(minutes=14, seconds=59)
    before = codes(pilot, "1.0.0")
    pilot.now += timedelta(seconds=1)

    assert (before, codes(pilot, "1.0.0")) == (["Frozen"], ["Due"])


def test_what_a_changed_order_let_go_on_says_that_it_is_looked_at_soon() -> None:
    """The policy in force is asked, not the one of the last decision."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag)
    state = replace(pilot.state, policy=policy(QA, environment("production")))

    found = why(state, pilot.release("1.0.0"), estate=pilot.estate, now=pilot.now)

    assert [one.code for one in found] == ["FactMissing", "Due"]


@pytest.mark.parametrize("phase", [Phase.PENDING, Phase.WAITING])
def test_without_a_policy_it_is_looked_at_soon(phase: Phase) -> None:
    """Nothing is known of what it waits for."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.perform(*STEPS[: 3 if phase is Phase.PENDING else 6])

    found = why(replace(pilot.state, policy=None), pilot.release("1.0.0"), estate=pilot.estate, now=pilot.now)

    assert {one.code for one in found} == {"Due"}


def test_what_comes_after_a_rolled_back_environment_says_so() -> None:
    """Operators promote it there again."""
    pilot = Pilot().release_to("0.9.0").release_to("1.0.0", approve=False)
    roll_back(pilot, environment="qa")
    under_way = next(one for one in reasons(pilot, "1.0.0") if one.environment == "production")
    pilot.perform()

    (found,) = reasons(pilot, "1.0.0")

    assert under_way.reason == "comes after qa, where promotion 5 is Waiting; promote it there again"
    assert found.reason == "comes after qa, where promotion 5 is RolledBack; promote it there again"
    assert (found.code, found.who) == ("ComesAfter", ("operators",))


def test_what_comes_after_a_new_environment_says_that_it_was_never_promoted_there() -> None:
    """An environment that came into the configuration after packaging has no promotion."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    change(pilot, QA, environment("staging"), replace(PRODUCTION, after=("qa", "staging")))

    (found,) = reasons(pilot, "1.0.0")

    assert found.reason == "comes after staging, where v1.0.0 was never promoted; promote it there"
    assert found.who == ("operators",)


def test_a_release_whose_last_attempt_may_still_write_says_so() -> None:
    """It stays open until the attempt can write no more."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag, ef.GatherFacts)
    pilot.world.broken["deploy"] = {"ours": True, "changed": True}
    ask(pilot, ev.AbortRequested, version="1.0.0", reason="")

    (found,) = reasons(pilot, "1.0.0")

    assert found.reason == "promotion 1 is Aborted, but may still write"
    assert (found.gate, found.code, found.until) == ("fence", "Fencing", NOON + timedelta(minutes=30))
    pilot.now += timedelta(minutes=30)
    assert codes(pilot, "1.0.0", "qa") == ["Due"]


def test_an_ended_release_waits_for_nothing() -> None:
    """Whatever its end."""
    pilot = Pilot().release_to("1.0.0")

    assert reasons(pilot, "1.0.0") == ()


def test_every_blocker_on_a_long_way_names_somebody() -> None:
    """An open release always has a reason, with somebody who can act."""
    pilot = Pilot(policy(QA, replace(PRODUCTION, gates=replace(PRODUCTION.gates, soak=HOUR)))).release_to("0.9.0")
    looked = 0

    def look() -> None:
        nonlocal looked
        for release in pilot.state.releases.values():
            found = why(pilot.state, release, estate=pilot.estate, now=pilot.now)
            assert found
            assert all(one.who and one.reason and one.code and one.gate for one in found)
            looked += 1

    pilot.push_release("1.0.0")
    pilot.push_release("1.1.0", "d" * 40)
    for _ in range(60):
        look()
        if not pilot.open:
            pilot.pass_time(timedelta(minutes=30))
        pilot.perform_one(0) if pilot.open else None
        if pilot.now > NOON + 2 * HOUR:
            break
    pilot.answer()
    for action in (lambda: redeploy(pilot), lambda: roll_back(pilot), lambda: hold(pilot), lambda: lift(pilot)):
        action()
        look()
    pilot.world.unhealthy.update(range(40))
    while pilot.open:
        look()
        pilot.perform_one(0)
    promote(pilot, "1.0.0")
    retry(pilot, "1.0.0")
    pilot.pass_time(DAY)
    look()

    assert looked > 20
