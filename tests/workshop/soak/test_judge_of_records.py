"""Lies about going back, holds, rules, the ledger and the API's words are caught, too."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.workshop.soak import test_judge
from tests.workshop.soak.configurations import PRODUCTION, QA, SECRET, Configuration
from tests.workshop.soak.court import (
    DEPLOYING,
    NOON,
    VERIFYING,
    Court,
    Lie,
    Lies,
    approved,
    asked,
    deploying,
    released,
    shown,
    start,
    tell,
)
from tests.workshop.soak.laws import LAWS, Broken

LIES = Lies()
breaks = LIES.breaks


@breaks("rollback")
def going_back_is_refused() -> None:
    released("1.0.0", "1.1.0").judge.rollback_answered("delivery", "production", "frozen", granted=False)


@breaks("rollback")
def going_back_waits_for_a_hold() -> None:
    tell(released("1.0.0"), shown(("hold", "held", ("operators",)), kind="rollback"))


@breaks("comes back")
def a_rollout_fails_and_nothing_follows() -> None:
    court = released("1.0.0")
    court.package("1.1.0")
    court.move("1.1.0", "qa", 3, "Pending", "Waiting", DEPLOYING)
    court.wrote("1.1.0", "qa", 3)
    court.move("1.1.0", "qa", 3, DEPLOYING, VERIFYING, "Failed")


@breaks("held")
def it_starts_under_a_hold() -> None:
    court = approved()
    court.judge.held("stop", "everything", None)
    start(court)


@breaks("held")
def it_is_written_under_a_hold() -> None:
    court = deploying()
    court.judge.held("stop", "service:shipping/delivery", NOON + timedelta(hours=1))
    court.wrote("1.0.0", "production", 2)


@breaks("held")
def an_override_from_before_the_hold_counts() -> None:
    court = approved()
    court.say("v1.0.0 production: gate hold overridden by Olga Operator: now")
    court.judge.held("stop", "environment:production", None)
    start(court)


@breaks("held")
def it_starts_in_a_freeze() -> None:
    court = approved()
    court.judge.repository.said["s" * 12] = Configuration((QA, replace(PRODUCTION, frozen=(11, 14))))
    court.say(f"policy abc of {'s' * 12} is in force")
    start(court)


@breaks("quarantine")
def a_quarantined_version_starts() -> None:
    court = approved()
    court.say("v1.0.0 is quarantined: the image tag names another")
    start(court)


@breaks("moves")
def it_skips_a_phase() -> None:
    asked().say("v1.0.0 production #2 forward: Waiting → Succeeded")


@breaks("moves")
def it_moves_from_where_it_was_not() -> None:
    asked().say("v1.0.0 production #2 forward: Verifying → Succeeded")


@breaks("chain")
def an_entry_is_left_out() -> None:
    court = released("1.0.0")
    court.sequence += 1
    court.say("nothing")


@breaks("chain")
def an_entry_has_another_hash() -> None:
    court = released("1.0.0")
    court.head = "f" * 64
    court.say("nothing")


@breaks("chain")
def an_entry_was_changed_since() -> None:
    released("1.0.0").judge.again("delivery", 1, b"{}")


@breaks("chain")
def the_head_is_another() -> None:
    tell(released("1.0.0"), head="f" * 64)


@breaks("who")
def it_waits_for_nothing() -> None:
    tell(released("1.0.0"), shown())


@breaks("who")
def nobody_can_act() -> None:
    tell(released("1.0.0"), shown(("approval", "nobody said yes", ())))


@breaks("who")
def it_waits_for_what_has_ended() -> None:
    tell(released("1.0.0"), shown(("slot", "taken", ("promotion 9",))))


@breaks("default branch")
def the_rules_are_of_another_branch() -> None:
    Court().say(f"policy abc of {'x' * 12} is in force")


@breaks("default branch")
def the_rules_are_not_what_the_file_says() -> None:
    tell(Court(), environments=("production",))


@breaks("secret")
def the_ledger_holds_a_secret() -> None:
    Court().say(f"the build said {SECRET}")


@breaks("secret")
def a_question_holds_a_secret() -> None:
    Court().judge.asked("delivery", "request 1", 1, "", f"do you know {SECRET}?")


@breaks("rest")
def a_message_is_left() -> None:
    Court().judge.at_rest(["1 message"], [])


@breaks("rest")
def nobody_works_on_a_step() -> None:
    Court().judge.at_rest([], [shown(("verifying", "settles", ("Slipway",)), phase="Verifying")])


@pytest.mark.parametrize(("law", "lie"), LIES, ids=[lie.__name__ for _, lie in LIES])
def test_a_lie_is_caught_by_the_law_that_it_breaks(law: str, lie: Lie) -> None:
    """A law that cannot be broken says nothing."""
    with pytest.raises(Broken) as caught:
        lie()

    assert caught.value.law == law


def test_every_law_has_a_lie() -> None:
    """None is only written down."""
    assert {law for law, _ in (*LIES, *test_judge.LIES)} == set(LAWS)
