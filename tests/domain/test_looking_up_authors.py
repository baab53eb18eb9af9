"""Votes are looked up among the authors that were read: one that nobody has looked up does not count, nor is it lost."""

from __future__ import annotations

import pytest

from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.policies.policy import ApprovalRule
from shared.domain.state import authorship
from shared.domain.state.promotion import Author, Authors, Looked
from shared.domain.values.records import replace
from tests.support.pilot import MANAGER, PRODUCTION, QA, SECOND, Pilot, policy

BRANCH = "refs/heads/release/delivery/v1.0.0"
RULE = ApprovalRule(approvers=("p-manager", "p-second"), minimum=2)


def waiting() -> Pilot:
    """A release that two people have to approve."""
    return Pilot(policy(QA, replace(PRODUCTION, approval=RULE))).release_to("1.0.0", approve=False)


def read_again(pilot: Pilot) -> ef.GatherFacts:
    """Have authors read again: somebody turned out to have pushed an earlier commit."""
    pilot.tell(ev.PusherFound(**pilot.ids(), ref=BRANCH, commit="a" * 40, pushed_by=SECOND))
    return next(one for one in pilot.open if isinstance(one, ef.GatherFacts))


def test_a_vote_that_came_while_authors_were_read_is_looked_up_before_they_count() -> None:
    """The reading has not seen them; it is done once more."""
    pilot = waiting()
    asked = read_again(pilot)
    said = {**pilot.ids(), "effect": asked.id, "number": asked.number, "facts": pilot.facts()}
    pilot.answer()
    pilot.open.remove(asked)
    pilot.tell(ev.FactsGathered(**said))

    assert pilot.promotion("1.0.0", "production").facts is None
    pilot.perform()
    facts = pilot.promotion("1.0.0", "production").facts
    assert facts is not None
    assert facts.authors.looked == (Looked(person=MANAGER, wrote=False),)


def test_whoever_is_asked_about_other_authors_than_were_looked_at_answers_again() -> None:
    """Nothing is counted by a list that is not the one in force."""
    pilot = waiting()
    decision = pilot.answer(authors="an older list")

    assert (decision.code, decision.reason) == (
        "authors-changed",
        "who wrote the change was read anew meanwhile; answer again",
    )


def test_a_vote_is_looked_up_again_when_the_authors_are_others() -> None:
    """It is lost where whoever gave it is one of them."""
    pilot = waiting()
    pilot.answer()
    pilot.world.authors = (Author(name="Rita", mail="release-manager@example.com"),)
    read_again(pilot)
    pilot.perform()
    request = pilot.promotion("1.0.0", "production").approval

    assert request is not None
    assert request.votes == ()


@pytest.mark.parametrize(("evidence", "known"), [("same", False), ("other", None)])
def test_what_was_looked_up_is_known_for_the_same_authors_alone(evidence: str, known: bool | None) -> None:
    """A vote that came while they were read anew is known already."""
    pilot = waiting()
    promotion = pilot.promotion("1.0.0", "production")
    facts = pilot.facts(authors=Authors(evidence="same", looked=(Looked(person=MANAGER, wrote=False),)))
    read = Authors(evidence=evidence, looked=(Looked(person=SECOND, wrote=False),))

    found = authorship.with_known(read, replace(promotion, facts=facts))

    assert (found.wrote(MANAGER), found.wrote(SECOND)) == (known, False)
