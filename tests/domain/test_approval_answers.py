"""Answers to open questions, and to ones that are not open any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.drafts.decision import Outcome
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.policies.policy import ApprovalRule, ServicePolicy
from shared.domain.state.phases import Phase, ReleasePhase
from shared.domain.values.person import Person
from shared.domain.values.records import replace
from tests.support.pilot import AUTHOR, MANAGER, OPERATOR, PRODUCTION, QA, SECOND, Pilot, policy
from tests.support.pilot_more import DAY, GROUP, ask, asked, change, closings, hold, lift, roll_back

APPROVERS = ("release-manager@example.com", "group:release-managers", "ada@example.com")


def ruled(**changes: Any) -> ServicePolicy:
    """A policy whose production has another approval rule."""
    rule = ApprovalRule(approvers=APPROVERS)
    return policy(QA, replace(PRODUCTION, approval=replace(rule, **changes)))


def waiting(made: ServicePolicy | None = None) -> Pilot:
    """Version 1.0.0, waiting for its approval."""
    return Pilot(made or ruled()).release_to("1.0.0", approve=False)


def production(pilot: Pilot, version: str = "1.0.0") -> Phase:
    return pilot.promotion(version, "production").phase


def test_one_yes_of_an_approver_lets_it_start() -> None:
    """The answer says which promotion it was for."""
    pilot = waiting()

    decision = pilot.answer(comment="looks good")

    assert (decision.outcome, decision.about) == (Outcome.MOVED, "2")
    assert "production #2 approved by Rita Manager: looks good" in decision.notes
    assert production(pilot) is Phase.RETAGGING


def test_the_author_is_refused_and_nothing_changes() -> None:
    """Although the rule lists them."""
    pilot = waiting()

    decision = pilot.answer(AUTHOR)

    assert (decision.outcome, decision.code) == (Outcome.REFUSED, "author")
    assert production(pilot) is Phase.WAITING


def test_an_author_may_say_no() -> None:
    """Nobody gains from stopping their own change."""
    pilot = waiting()

    pilot.answer(AUTHOR, approve=False)

    assert production(pilot) is Phase.REJECTED


def test_a_commit_author_who_did_not_push_does_not_approve() -> None:
    """Authors since the version live there count, not the pusher alone."""
    pilot = Pilot(ruled())
    pilot.world.authors = (*pilot.world.authors, replace(pilot.world.authors[0], mail="Release-Manager@example.com"))
    pilot.release_to("1.0.0", approve=False)

    assert pilot.answer(MANAGER).code == "author"
    assert pilot.answer(SECOND, groups=(GROUP,)).outcome is Outcome.MOVED


def test_any_rejection_ends_it() -> None:
    """A yes before does not help, nor does one after."""
    pilot = waiting(ruled(minimum=2))
    request = pilot.request()
    pilot.answer()

    pilot.answer(SECOND, approve=False, groups=(GROUP,), comment="too risky")

    assert pilot.promotion("1.0.0", "production").reason == "rejected by Sam Second: too risky"
    assert pilot.release("1.0.0").phase is ReleasePhase.REJECTED
    late = pilot.answer(OPERATOR, request=request, groups=(GROUP,))
    assert late.reason == "promotion 2 of v1.0.0 is Rejected: rejected by Sam Second: too risky"


def test_somebody_who_may_not_approve_may_not_reject_either() -> None:
    """The refusal says who may."""
    decision = waiting().answer(OPERATOR, approve=False)

    assert decision.code == "not-an-approver"
    assert "group release-managers" in decision.reason


def test_two_are_needed_where_the_rule_says_two() -> None:
    """One person's two answers are one."""
    pilot = waiting(ruled(minimum=2))
    pilot.answer()

    again = pilot.answer()
    twin = pilot.answer(Person(id="twin", name="Rita", mails=MANAGER.mails))

    assert (again.outcome, again.code, twin.code) == (Outcome.IGNORED, "known", "known")
    assert production(pilot) is Phase.WAITING
    pilot.answer(SECOND, groups=(GROUP,))
    assert production(pilot) is Phase.RETAGGING


def test_an_approval_is_used_once() -> None:
    """Answered again, or late, it starts nothing; the true reason is told."""
    pilot = waiting()
    request = pilot.request()
    pilot.answer()
    running = pilot.answer(SECOND, request=request, groups=(GROUP,))
    pilot.perform()
    ended = pilot.answer(SECOND, request=request, groups=(GROUP,))

    assert running.reason == "promotion 2 of v1.0.0 is Retagging"
    assert ended.reason == "promotion 2 of v1.0.0 was approved and has started"
    assert {running.code, ended.code} == {"approval-closed"}
    assert len(pilot.effects(ef.Retag)) == 1


def test_who_approves_what_was_superseded_at_the_same_instant_is_told_so() -> None:
    """The transaction that commits first wins."""
    pilot = waiting()
    request = pilot.request()
    pilot.release_to("1.0.1", approve=False)

    decision = pilot.answer(request=request)

    assert (decision.outcome, decision.code) == (Outcome.REFUSED, "approval-closed")
    assert decision.reason == "promotion 2 of v1.0.0 is Superseded: v1.0.1 waits for production too"
    assert production(pilot, "1.0.1") is Phase.WAITING


def test_what_was_approved_first_is_not_superseded() -> None:
    """It holds the slot; the newer version waits for its own approval."""
    pilot = waiting()
    pilot.answer()
    pilot.release_to("1.0.1", approve=False)

    assert production(pilot) is Phase.SUCCEEDED
    assert production(pilot, "1.0.1") is Phase.WAITING


def test_a_request_that_never_was_is_refused() -> None:
    """With what to look at instead."""
    decision = waiting().answer(request="f" * 64)

    assert decision.reason == "request ffffffffffff is not open; look at the release for what it waits for now"


def test_when_the_rule_changes_a_vote_that_is_still_valid_stays() -> None:
    """The old request is refused naming the one that replaced it."""
    pilot = waiting(ruled(minimum=2))
    old = pilot.request()
    pilot.answer()

    change(pilot, *ruled(minimum=2, expires=3 * DAY).environments)

    new = pilot.request()
    assert new != old
    assert asked(pilot.sent) == [old, new]
    assert closings(pilot.sent) == ["the approval rule changed"]
    assert pilot.answer(SECOND, request=old, groups=(GROUP,)).reason == (
        f"the approval rule changed; request {new} replaced this one"
    )
    pilot.answer(SECOND, groups=(GROUP,))
    pilot.perform(ef.GatherFacts)
    assert production(pilot) is Phase.RETAGGING


def test_a_vote_that_the_new_rule_forbids_is_dropped() -> None:
    """Whoever cast it is no approver any more."""
    pilot = waiting(ruled(minimum=2))
    pilot.answer()

    change(pilot, *ruled(approvers=("group:release-managers",), minimum=1).environments)

    promotion = pilot.promotion("1.0.0", "production")
    assert promotion.approval is not None
    assert (promotion.approval.votes, promotion.phase) == ((), Phase.WAITING)


def test_votes_that_suffice_under_the_new_rule_let_it_start() -> None:
    """Nobody is asked a second time for the same thing."""
    pilot = waiting(ruled(minimum=2))
    pilot.answer()

    change(pilot, *ruled(minimum=1).environments)
    pilot.perform(ef.GatherFacts)

    assert production(pilot) is Phase.RETAGGING
    assert len(asked(pilot.sent)) == 1


def test_an_answer_to_a_question_that_was_replaced_twice_names_the_open_one() -> None:
    """However old the card is."""
    pilot = waiting()
    oldest = pilot.request()
    for days in (3, 4):
        change(pilot, *ruled(expires=days * DAY).environments)

    assert pilot.request() in pilot.answer(request=oldest).reason


def test_where_no_approval_is_asked_for_any_more_the_question_is_withdrawn() -> None:
    """And its promotion goes on without."""
    pilot = waiting()
    request = pilot.request()
    hold(pilot)

    change(pilot, QA, replace(PRODUCTION, approval=None))
    late = pilot.answer(request=request)
    lift(pilot)
    pilot.perform(ef.GatherFacts)

    assert closings(pilot.sent) == ["production asks for no approval any more"]
    assert late.reason == "production asks for no approval any more"
    assert production(pilot) is Phase.RETAGGING


def test_a_vote_is_dropped_when_its_giver_turns_out_to_be_an_author() -> None:
    """After a rollback more commits are new to the environment, and with them more authors."""
    pilot = Pilot(ruled()).release_to("0.8.0").release_to("0.9.0").release_to("1.0.0", approve=False)
    hold(pilot)
    pilot.answer(MANAGER)
    first = len(asked(pilot.sent))
    assert pilot.promotion("1.0.0", "production").approval.granted is not None  # type: ignore[union-attr]

    roll_back(pilot)
    pilot.world.authors = (replace(pilot.world.authors[0], mail="release-manager@example.com"),)
    pilot.perform()
    lift(pilot)

    approval = pilot.promotion("1.0.0", "production").approval
    assert approval is not None
    assert (approval.votes, approval.granted, approval.round) == ((), None, 2)
    assert len(asked(pilot.sent)) == first + 1
    assert pilot.answer(MANAGER).code == "author"


def test_of_two_votes_the_one_that_still_counts_stays() -> None:
    """The question stays open for the one that is missing."""
    pilot = waiting(ruled(minimum=3))
    pilot.answer()
    pilot.answer(SECOND, groups=(GROUP,))
    pilot.world.authors = (replace(pilot.world.authors[0], mail="sam@example.com"),)

    change(pilot, *ruled(minimum=3).environments[:1], replace(ruled(minimum=3).environments[1], values=("x",)))
    pilot.perform(ef.GatherFacts)

    approval = pilot.promotion("1.0.0", "production").approval
    assert approval is not None
    assert [vote.person for vote in approval.votes] == [MANAGER]
    assert approval.round == 1


def test_an_approval_that_lapsed_cannot_be_added_to() -> None:
    """While a hold stands in the way it is not asked again, and answers are refused."""
    pilot = waiting()
    hold(pilot)
    pilot.answer()
    pilot.pass_time(timedelta(hours=24))

    decision = pilot.answer(SECOND, groups=(GROUP,))

    assert decision.code == "approval-lapsed"
    assert "held (everything) by Olga Operator: outage" in decision.reason
    assert len(asked(pilot.sent)) == 1


def test_a_question_is_closed_when_its_release_is_aborted() -> None:
    """A late answer is told who did it."""
    pilot = waiting()
    request = pilot.request()
    ask(pilot, ev.AbortRequested, version="1.0.0", reason="wrong one")

    assert pilot.answer(request=request).reason == (
        "promotion 2 of v1.0.0 is Aborted: aborted by Olga Operator: wrong one"
    )


@pytest.mark.parametrize("more", [9, 10])
def test_the_last_ten_closed_questions_are_remembered(more: int) -> None:
    """So that a partition does not grow for ever."""
    pilot = waiting()
    first = pilot.request()
    for days in range(more + 1):
        change(pilot, *ruled(expires=(days + 10) * DAY).environments)

    closed = pilot.state.environments["production"].closed

    assert (len(closed), first in [one.id for one in closed]) == (10, more == 9)
