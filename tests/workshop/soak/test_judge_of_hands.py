"""Lies about who had a hand in a change are caught: who wrote it, who pushed it, who is unknown, and who answered for them."""

from __future__ import annotations

import pytest

from tests.workshop.soak.court import NOON, Court, Lie, Lies, approved, asked, start
from tests.workshop.soak.laws import Broken

LIES = Lies()
breaks = LIES.breaks


def nobodys_push() -> Court:
    """Rita approved a version whose branch was moved by somebody who is not known."""
    court = approved()
    court.judge.service("delivery").moves["1.0.0"].append("commit 1.0.0")
    return court


def answered(court: Court, by: str = "ulla", *names: str, environment: str = "production") -> Court:
    """Slipway took somebody's answer for whoever is unknown."""
    court.judge.answered_for("delivery", "1.0.0", environment, by, names)
    return court


def test_an_answer_for_an_unknown_pusher_lets_others_approve() -> None:
    """The judge takes it as it was given, and a name from a hook as well."""
    start(answered(nobodys_push()))
    named = nobodys_push()
    named.judge.repository.name("commit 1.0.0")
    start(named)

    assert named.judge.tally["four eyes"] == 1


@breaks("four eyes")
def the_pusher_is_unknown() -> None:
    start(nobodys_push())


@breaks("four eyes")
def an_author_has_no_mail() -> None:
    start(approved(author="ned"))


@breaks("four eyes")
def a_co_author_said_yes() -> None:
    court = asked()
    court.judge.repository.commit("commit 1.0.0", "r" * 12, "ada", frozenset({"delivery"}), "rita")
    court.answer(2)
    start(court)


@breaks("four eyes")
def who_answered_said_yes() -> None:
    start(answered(nobodys_push(), "rita"))


@breaks("four eyes")
def who_was_named_said_yes() -> None:
    start(answered(nobodys_push(), "ulla", "rita-at-home"))


@breaks("four eyes")
def an_author_answered() -> None:
    start(answered(nobodys_push(), "ada"))


@breaks("four eyes")
def who_is_named_answered_for_themselves() -> None:
    start(answered(nobodys_push(), "ulla", "ulla"))


@breaks("four eyes")
def the_answer_was_for_another_environment() -> None:
    start(answered(nobodys_push(), environment="qa"))


@breaks("four eyes")
def the_answer_came_before_the_push() -> None:
    court = answered(approved())
    court.judge.service("delivery").moves["1.0.0"].append("commit 1.0.0")
    start(court)


@breaks("four eyes")
def the_answer_was_used_by_another_promotion() -> None:
    court = answered(nobodys_push())
    court.judge.service("delivery").answers_for[0].used = 1
    start(court)


@breaks("approved")
def it_is_written_otherwise_than_people_saw_it() -> None:
    court = start(approved())
    court.say("v1.0.0 production #2 forward: Retagging → Deploying")
    court.judge.begins("delivery", "production", 2)
    court.judge.wrote(
        "delivery", "production", 2, "localhost:5000/prod/delivery:v1.0.0@sha256:1.0.0", "chart 1.0.0", NOON, "x"
    )


@pytest.mark.parametrize(("law", "lie"), LIES, ids=[lie.__name__ for _, lie in LIES])
def test_a_lie_is_caught_by_the_law_that_it_breaks(law: str, lie: Lie) -> None:
    """A law that cannot be broken says nothing."""
    with pytest.raises(Broken) as caught:
        lie()

    assert caught.value.law == law
