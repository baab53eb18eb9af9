"""An approval is for what would be deployed: where that changes, votes are void and people are asked again."""

from __future__ import annotations

from datetime import timedelta

from shared.domain.charts.manifests import Finding
from shared.domain.messages import effects as ef
from shared.domain.policies.policy import ApprovalRule, OnFirstFailure
from shared.domain.state.phases import Phase
from shared.domain.state.promotion import ApprovalRequest
from shared.domain.values.records import replace
from tests.support.pilot import MANAGER, PRODUCTION, QA, SECOND, Pilot, policy
from tests.support.pilot_more import GROUP, asked, change, closings, codes, retry

FROZEN_FOR = timedelta(hours=2)
TWO = replace(PRODUCTION, approval=ApprovalRule(approvers=("release-manager@example.com", f"group:{GROUP}"), minimum=2))
CHANGED = {"inputs": "j" * 64, "changed": "values-production.yaml changed"}


def waiting(environment_policy: object = TWO) -> Pilot:
    """Version 1.0.0 has one of two votes for production."""
    pilot = Pilot(policy(QA, environment_policy)).release_to("1.0.0", approve=False)  # type: ignore[arg-type]
    pilot.answer()
    return pilot


def read_again(pilot: Pilot, **rendered: object) -> Pilot:
    """The environment's rules change in what people are not asked about, and all is read once more."""
    pilot.world.rendered = rendered
    [policy] = (
        [one for one in pilot.state.policy.environments if one.name == "production"] if pilot.state.policy else []
    )
    later = replace(policy.deadlines, verifying=policy.deadlines.verifying + timedelta(minutes=1))
    change(pilot, QA, replace(policy, deadlines=later))
    return pilot.perform(ef.GatherFacts)


def request(pilot: Pilot) -> ApprovalRequest:
    """What people are asked now."""
    found = pilot.promotion("1.0.0", "production").approval
    assert found is not None
    return found


def test_changed_inputs_void_the_votes_and_people_are_asked_again() -> None:
    """With the reason in words: in the timeline, on the closed card, and to whoever answers late."""
    pilot = waiting()
    old = request(pilot)
    read_again(pilot, **CHANGED)

    new = request(pilot)
    assert (new.votes, new.granted, new.id != old.id) == ((), None, True)
    assert (asked(pilot.sent), closings(pilot.sent)) == ([old.id, new.id], ["values-production.yaml changed"])
    said = [note for each in pilot.decisions for note in each.notes if "void" in note]
    assert said == ["v1.0.0 production: values-production.yaml changed, 1 vote void; people are asked again"]
    late = pilot.answer(SECOND, request=old.id, groups=(GROUP,))
    assert late.reason == "values-production.yaml changed; people are asked again about what would be deployed now"


def test_an_approval_that_was_given_is_void_as_well() -> None:
    """It was for something else: approved during a freeze, changed, and nothing starts when the freeze ends."""
    pilot = waiting(replace(TWO, gates=replace(TWO.gates, soak=FROZEN_FOR)))
    pilot.answer(SECOND, groups=(GROUP,))
    assert request(pilot).granted is not None
    read_again(pilot, **CHANGED)

    pilot.pass_time(FROZEN_FOR)
    pilot.perform()

    assert pilot.promotion("1.0.0", "production").phase is Phase.WAITING
    assert codes(pilot, "1.0.0") == ["ApprovalNeeded"]


def test_the_same_inputs_read_again_ask_nobody() -> None:
    """Every hour they are."""
    pilot = waiting()
    old = request(pilot)
    read_again(pilot)
    read_again(pilot)

    assert request(pilot) == old


def test_while_facts_are_read_again_the_last_request_stands() -> None:
    """Votes come in meanwhile, and count if nothing changed."""
    pilot = waiting()
    old = request(pilot)
    change(pilot, QA, replace(TWO, after=("qa",), on_first_failure=OnFirstFailure.UNINSTALL))
    assert pilot.promotion("1.0.0", "production").facts is None

    assert request(pilot) == old
    pilot.answer(SECOND, request=old.id, groups=(GROUP,))
    pilot.perform(ef.GatherFacts)
    assert pilot.promotion("1.0.0", "production").phase is Phase.RETAGGING


def test_another_rule_keeps_the_votes_and_other_inputs_do_not() -> None:
    """One change of the file may bring both; the votes live until it is read what would be deployed."""
    pilot = waiting()
    assert TWO.approval is not None
    rule = replace(TWO.approval, expires=timedelta(days=3))
    change(pilot, QA, replace(TWO, approval=rule, set=()))
    kept = request(pilot).votes
    pilot.world.rendered = CHANGED
    pilot.perform(ef.GatherFacts)

    assert [one.person for one in kept] == [MANAGER]
    assert request(pilot).votes == ()


def test_what_goes_back_to_what_it_was_is_asked_anew() -> None:
    """The votes that were void stay so; the card is a new one though the question bears the same id."""
    pilot = waiting()
    first = request(pilot)
    read_again(pilot, **CHANGED)
    read_again(pilot, changed="values-production.yaml changed")

    again = request(pilot)
    assert (again.id, again.votes, again.round) == (first.id, (), 3)
    effects = [one.id for one in pilot.sent if isinstance(one, ef.AskApproval)]
    assert len(set(effects)) == len(effects) == 3


def test_people_are_not_asked_again_before_what_would_be_deployed_complies() -> None:
    """Their answer would be of no use yet."""
    pilot = waiting()
    read_again(pilot, **CHANGED, findings=(Finding("Pod/a", "b", "c"),))
    before = len(asked(pilot.sent))
    read_again(pilot, **CHANGED)

    assert (before, len(asked(pilot.sent))) == (1, 2)


def test_a_step_is_not_resumed_with_what_it_was_not_begun_with() -> None:
    """A retry copies and deploys from the start what people were asked again about."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    pilot.answer()
    pilot.perform(ef.Retag)
    pilot.world.broken["observe-rollout"] = {"changed": True}
    pilot.perform()
    assert pilot.promotion("1.0.0", "production").resume_at is Phase.VERIFYING
    pilot.world.broken.clear()
    pilot.world.rendered = CHANGED
    retry(pilot, "1.0.0")
    pilot.perform()
    assert codes(pilot, "1.0.0") == ["ApprovalNeeded"]
    copied = len(pilot.effects(ef.Retag))
    pilot.now += timedelta(minutes=1)
    pilot.answer()

    pilot.perform()

    assert pilot.promotion("1.0.0", "production").phase is Phase.SUCCEEDED
    assert len(pilot.effects(ef.Retag)) == copied + 1
    assert closings(pilot.sent)[-1] == "approved, and used by this promotion"


def test_an_environment_without_a_registry_of_its_own_begins_with_deploying() -> None:
    """There is nothing to copy there."""
    pilot = Pilot()
    pilot.world.broken["observe-rollout"] = {"changed": True}
    pilot.release_to("1.0.0", approve=False)
    pilot.world.broken.clear()
    pilot.world.rendered = CHANGED
    retry(pilot, "1.0.0")
    pilot.perform()

    assert pilot.promotion("1.0.0", "qa").phase is Phase.SUCCEEDED
    assert [one.number for one in pilot.effects(ef.Deploy)] == [1, 1]  # type: ignore[attr-defined]
