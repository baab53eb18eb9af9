"""Waiting: when people are asked, when time is over, and which of several versions goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.charts.manifests import Finding
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.policies.policy import DenyWindow, Queueing
from shared.domain.state.phases import Phase, ReleasePhase
from shared.domain.state.promotion import Presence
from shared.domain.values.records import replace
from tests.support.pilot import MANAGER, PRODUCTION, QA, SECOND, Pilot, policy
from tests.support.pilot_more import DAY, GROUP, HOUR, ask, asked, closings, codes, hold, lift, promote, roll_back

LUNCH = DenyWindow(cron="0 12 * * *", duration=2 * HOUR, timezone="UTC", reason="lunch")
THURSDAY = datetime(2026, 11, 26, 12, tzinfo=UTC)
WEEKEND = DenyWindow(cron="0 16 * * 5", duration=64 * HOUR, timezone="UTC", reason="weekend")


def production(pilot: Pilot, version: str = "1.0.0") -> Phase:
    return pilot.promotion(version, "production").phase


@pytest.mark.parametrize(
    ("freezes", "soak"), [((), timedelta(0)), ((LUNCH,), timedelta(0)), ((), HOUR), ((LUNCH,), HOUR)]
)
def test_people_are_asked_when_only_approval_and_time_stand_in_the_way(
    freezes: tuple[DenyWindow, ...], soak: timedelta
) -> None:
    """They may answer during a freeze or a soak."""
    made = replace(PRODUCTION, freezes=freezes, gates=replace(PRODUCTION.gates, soak=soak))

    pilot = Pilot(policy(QA, made)).release_to("1.0.0", approve=False)

    assert len(asked(pilot.sent)) == 1


@pytest.mark.parametrize(
    ("rendered", "facts"), [({"findings": (Finding("Pod/a", "b", "c"),)}, {}), ({}, {"foreign": "kubectl"})]
)
def test_people_are_not_asked_while_somebody_must_change_something(
    rendered: dict[str, object], facts: dict[str, object]
) -> None:
    """Their answer would be of no use yet."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag, ef.Deploy, ef.ObserveRollout)
    pilot.perform(ef.GatherFacts)
    pilot.world.facts, pilot.world.rendered = facts, rendered
    pilot.perform()

    assert asked(pilot.sent) == []


def test_people_are_not_asked_while_it_is_held_but_when_the_hold_is_lifted() -> None:
    """Once."""
    pilot = Pilot()
    hold(pilot, "environment:production")
    pilot.release_to("1.0.0", approve=False)
    before = asked(pilot.sent)

    lift(pilot)
    pilot.pass_time(timedelta(minutes=1))

    assert (before, len(asked(pilot.sent))) == ([], 1)


def test_people_are_not_asked_without_a_way_back() -> None:
    """The live version is gone from the registry."""
    pilot = Pilot().release_to("1.0.0")
    pilot.push_release("1.1.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag)
    pilot.perform(ef.GatherFacts, ef.Deploy)
    pilot.world.presence = Presence.GONE
    pilot.perform()

    assert len(asked(pilot.sent)) == 1
    assert codes(pilot, "1.1.0") == ["NoWayBack", "ApprovalNeeded"]


def test_an_approval_lapses_after_its_time_of_waiting_and_is_asked_again() -> None:
    """A Thursday approval does not deploy into a Friday freeze, nor on the Monday after."""
    made = policy(QA, replace(PRODUCTION, freezes=(WEEKEND, replace(WEEKEND, cron="0 0 * * 4", duration=16 * HOUR))))
    pilot = Pilot(made, now=THURSDAY).release_to("1.0.0", approve=False)
    pilot.answer()
    assert codes(pilot, "1.0.0") == ["Frozen"]

    pilot.pass_time(timedelta(hours=24) - timedelta(microseconds=1))
    before = pilot.promotion("1.0.0", "production").approval
    pilot.pass_time(timedelta(microseconds=1))

    after = pilot.promotion("1.0.0", "production").approval
    assert before is not None
    assert after is not None
    assert (before.granted, before.round) == (THURSDAY, 1)
    assert (after.granted, after.round, after.votes, after.id) == (None, 2, (), before.id)
    assert len(asked(pilot.sent)) == 2


def test_a_thursday_approval_does_not_deploy_into_a_friday_freeze() -> None:
    """Every gate is asked at the moment of starting, whatever was said before."""
    made = policy(QA, replace(PRODUCTION, freezes=(WEEKEND,), gates=replace(PRODUCTION.gates, soak=29 * HOUR)))
    pilot = Pilot(made, now=THURSDAY).release_to("1.0.0", approve=False)
    pilot.pass_time(20 * HOUR)
    pilot.answer()

    pilot.pass_time(9 * HOUR)
    pilot.perform()

    assert pilot.now == datetime(2026, 11, 27, 17, tzinfo=UTC)
    assert codes(pilot, "1.0.0") == ["Frozen"]
    assert pilot.effects(ef.Retag) == []
    pilot.pass_time(64 * HOUR)
    assert codes(pilot, "1.0.0") == ["ApprovalNeeded"]


def test_what_lapsed_while_held_is_asked_again_when_the_hold_is_lifted() -> None:
    """People are not asked while their answer would be of no use."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    hold(pilot)
    pilot.answer()
    pilot.pass_time(DAY)
    before = len(asked(pilot.sent))

    lift(pilot)

    assert (before, len(asked(pilot.sent))) == (1, 2)
    assert production(pilot) is Phase.WAITING
    pilot.answer(SECOND, groups=(GROUP,))
    pilot.perform(ef.GatherFacts)
    assert production(pilot) is Phase.RETAGGING


def test_a_question_that_nobody_answers_expires() -> None:
    """To the microsecond, and with what it waited for."""
    pilot = Pilot().release_to("1.0.0", approve=False)

    pilot.pass_time(7 * DAY - timedelta(microseconds=1))
    before = production(pilot)
    pilot.pass_time(timedelta(microseconds=1))

    assert (before, production(pilot)) == (Phase.WAITING, Phase.EXPIRED)
    assert pilot.release("1.0.0").phase is ReleasePhase.EXPIRED
    assert closings(pilot.sent) == ["Expired: nobody acted in time: production waits for approval: 0 of 1 given"]


@pytest.mark.parametrize("frozen", [True, False])
def test_expiry_is_paused_while_held_or_frozen(frozen: bool) -> None:
    """The time spent so is given back."""
    window = replace(WEEKEND, cron="0 0 25 11 *", duration=10 * DAY)
    pilot = Pilot(policy(QA, replace(PRODUCTION, freezes=(window,) if frozen else ())))
    pilot.release_to("1.0.0", approve=False)
    deadline = pilot.promotion("1.0.0", "production").deadline
    pilot.pass_time(timedelta(hours=36))
    if not frozen:
        hold(pilot)
    pilot.pass_time(9 * DAY)
    assert production(pilot) is Phase.WAITING

    pilot.pass_time(DAY)
    lift(pilot)

    after = pilot.promotion("1.0.0", "production")
    assert deadline is not None
    assert after.deadline == deadline + 10 * DAY
    assert after.phase is Phase.WAITING


def test_an_environment_without_approval_expires_too() -> None:
    """Nothing waits for ever."""
    pilot = Pilot(policy(QA))
    pilot.world.rendered = {"findings": (Finding("Pod/a", "b", "c"),)}
    pilot.release_to("1.0.0", approve=False)

    pilot.pass_time(7 * DAY)

    assert pilot.promotion("1.0.0", "qa").reason == "nobody acted in time: Pod/a: b: c"


def test_when_qa_is_rolled_back_the_request_is_withdrawn() -> None:
    """Back to Pending; `after` means succeeded there and not rolled back since."""
    pilot = Pilot().release_to("0.9.0").release_to("1.0.0", approve=False)
    request = pilot.request()

    roll_back(pilot, environment="qa")

    promotion = pilot.promotion("1.0.0", "production")
    assert (promotion.phase, promotion.approval) == (Phase.PENDING, None)
    assert closings(pilot.sent)[-1] == "Pending: qa was rolled back; promote it there again"
    assert pilot.answer(request=request).reason.startswith("promotion 4 of v1.0.0 is Pending: qa was rolled back")


def test_an_approval_given_before_qa_was_rolled_back_is_gone() -> None:
    """Promoted there again, production asks again."""
    pilot = Pilot().release_to("0.9.0").release_to("1.0.0", approve=False)
    hold(pilot, "environment:production")
    pilot.answer()
    roll_back(pilot, environment="qa")
    pilot.perform()
    (left,) = pilot.state.holds
    ask(pilot, ev.ArtifactHoldLifted, hold=left.id, reason="qa was at fault")

    promote(pilot, "1.0.0", "qa")
    pilot.perform()
    lift(pilot)
    pilot.perform()

    assert (production(pilot), codes(pilot, "1.0.0")) == (Phase.WAITING, ["ApprovalNeeded"])
    assert len(asked(pilot.sent)) == 3


def test_a_newer_version_of_the_line_supersedes_a_waiting_one() -> None:
    """The latest only; its question is withdrawn."""
    pilot = Pilot().release_to("1.0.0", approve=False).release_to("1.0.1", approve=False)

    assert (production(pilot), production(pilot, "1.0.1")) == (Phase.SUPERSEDED, Phase.WAITING)
    assert pilot.release("1.0.0").phase is ReleasePhase.SUPERSEDED
    assert closings(pilot.sent) == ["Superseded: v1.0.1 waits for production too"]


def test_an_older_version_that_comes_later_is_superseded_at_once() -> None:
    """The order of arrival does not matter."""
    pilot = Pilot().release_to("1.0.1", approve=False).release_to("1.0.0", approve=False)

    assert (production(pilot), production(pilot, "1.0.1")) == (Phase.SUPERSEDED, Phase.WAITING)


def test_a_hotfix_passes_while_a_newer_line_waits() -> None:
    """Only versions of one line supersede each other."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0", approve=False).release_to("1.0.1")

    assert (production(pilot, "1.0.1"), production(pilot, "1.1.0")) == (Phase.SUCCEEDED, Phase.WAITING)


def test_in_order_a_lower_version_of_the_line_goes_first() -> None:
    """Nothing is superseded; the later one is asked for when its turn comes."""
    pilot = Pilot(policy(queueing=Queueing.IN_ORDER)).release_to("1.0.0", approve=False)
    first = pilot.request()
    pilot.release_to("1.0.1", approve=False)
    assert codes(pilot, "1.0.1") == ["Queued", "ApprovalNeeded"]
    assert asked(pilot.sent) == [first]

    pilot.answer(MANAGER, request=first)
    pilot.perform(ef.GatherFacts, ef.Retag)
    deploying = codes(pilot, "1.0.1")
    pilot.perform()

    assert deploying[0] == "Queued"
    assert (production(pilot), codes(pilot, "1.0.1")) == (Phase.SUCCEEDED, ["ApprovalNeeded"])


def test_in_order_another_line_does_not_wait() -> None:
    """Lines are released side by side."""
    pilot = Pilot(policy(queueing=Queueing.IN_ORDER)).release_to("0.9.0").release_to("1.0.0", approve=False)
    pilot.release_to("1.1.0", approve=False)

    assert codes(pilot, "1.1.0") == ["ApprovalNeeded"]
