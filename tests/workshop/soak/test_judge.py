"""The judge can object: an honest story passes, and lies about who starts and writes what are caught."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.workshop.soak.configurations import PRODUCTION, QA, Approval, Configuration
from tests.workshop.soak.court import (
    DEPLOYING,
    NOON,
    RETAGGING,
    SUCCEEDED,
    VERIFYING,
    Lie,
    Lies,
    approved,
    asked,
    deploying,
    digest,
    image,
    released,
    shown,
    start,
    tell,
)
from tests.workshop.soak.laws import LAWS, Broken

LIES = Lies()
breaks = LIES.breaks


def test_an_honest_story_passes() -> None:
    """Two releases, a rollback, and everything that is said of them."""
    court = released("1.0.0", "1.1.0")
    court.judge.rollback_answered("delivery", "production", "", granted=True)
    court.say("v1.1.0 production #5 rollback: Waiting (it is slow)")
    tell(court, shown(("slot", "taken", ("promotion 2",))))
    court.move("1.1.0", "production", 5, "Waiting", DEPLOYING, kind="rollback")
    court.wrote("1.0.0", "production", 5)
    court.judge.looked("delivery", "production", healthy=True)
    court.move("1.1.0", "production", 5, DEPLOYING, VERIFYING, "RolledBack", kind="rollback")
    court.judge.at_rest([], [shown(("approval", "nobody said yes", ("rita",)))])

    assert court.judge.service("delivery").slots["production"].live == digest("1.0.0")
    assert set(LAWS) - set(court.judge.tally) == {"comes back"}


@breaks("one at a time")
def two_start_in_one_slot() -> None:
    start(approved()).say("v1.0.0 production #3 redeploy: Waiting → Deploying")


@breaks("one at a time")
def something_is_written_before_its_time() -> None:
    start(approved()).wrote("1.0.0", "production", 2)


@breaks("one at a time")
def something_is_written_after_its_time() -> None:
    released("1.0.0").wrote("1.0.0", "production", 2)


@breaks("one at a time")
def something_is_written_late_while_another_has_the_slot() -> None:
    court = deploying()
    court.judge.begins("delivery", "production", 2)
    court.move("1.0.0", "production", 2, DEPLOYING, "Aborted")
    court.say("v1.0.0 production #3 redeploy: Waiting → Deploying")
    court.judge.wrote("delivery", "production", 2, image("1.0.0", "prod/"), "chart 1.0.0", NOON)


@breaks("one at a time")
def something_that_is_live_is_taken_out() -> None:
    released("1.0.0").judge.removed("delivery", "production")


@breaks("approved")
def nobody_said_yes() -> None:
    start(asked())


@breaks("approved")
def a_stranger_said_yes() -> None:
    start(approved(person="olga"))


@breaks("four eyes")
def the_author_said_yes() -> None:
    start(approved(author="rita"))


@breaks("four eyes")
def the_author_said_yes_under_another_identity() -> None:
    start(approved(author="rita-at-home"))


@breaks("four eyes")
def who_pushed_it_said_yes() -> None:
    court = approved()
    court.judge.repository.push("commit 1.0.0", "rita")
    start(court)


@breaks("approved")
def somebody_said_no_too() -> None:
    court = approved()
    court.answer(2, "sam", approve=False)
    start(court)


@breaks("approved")
def the_yes_was_to_another_artifact() -> None:
    court = asked()
    court.judge.asked("delivery", "request 2", 2, digest("2.0.0"), "")
    court.answer(2)
    start(court)


@breaks("approved")
def the_yes_does_not_count_under_the_rule_in_force() -> None:
    court = approved()
    court.judge.repository.said["s" * 12] = Configuration((QA, replace(PRODUCTION, approval=Approval(people=("sam",)))))
    court.say(f"policy abc of {'s' * 12} is in force")
    start(court)


@breaks("approved")
def one_of_two_said_yes_twice() -> None:
    court = approved()
    court.answer(2)
    court.judge.repository.said["s" * 12] = Configuration((QA, replace(PRODUCTION, approval=Approval(minimum=2))))
    court.say(f"policy abc of {'s' * 12} is in force")
    start(court)


@breaks("used once")
def an_approval_starts_a_promotion_again_and_nobody_asked() -> None:
    court = start(approved())
    court.move("1.0.0", "production", 2, RETAGGING, "Errored", "Waiting")
    start(court)


@breaks("used once")
def an_approval_is_written_twice() -> None:
    court = start(approved())
    court.move("1.0.0", "production", 2, RETAGGING, DEPLOYING)
    court.wrote("1.0.0", "production", 2)
    court.wrote("1.0.0", "production", 2)


@breaks("same bytes")
def another_chart_is_written() -> None:
    deploying().wrote("1.0.0", "production", 2, chart="another")


@breaks("same bytes")
def production_reads_elsewhere() -> None:
    deploying().wrote("1.0.0", "production", 2, written=image("1.0.0"))


@breaks("approved")
def another_image_is_written_than_was_approved() -> None:
    deploying().wrote("1.0.0", "production", 2, written=image("2.0.0", "prod/"))


@breaks("same bytes")
def it_never_ran_well_before() -> None:
    court = deploying()
    court.judge.service("delivery").slots["qa"].ran_well.clear()
    court.wrote("1.0.0", "production", 2)


@breaks("same bytes")
def a_rollback_brings_what_was_never_good() -> None:
    court = released("1.0.0")
    court.say("v1.0.0 production #3 rollback: Waiting (it is slow)")
    court.move("1.0.0", "production", 3, "Waiting", DEPLOYING, kind="rollback")
    court.wrote("2.0.0", "production", 3)


@breaks("settled")
def it_is_live_and_was_never_seen_healthy() -> None:
    court = deploying()
    court.wrote("1.0.0", "production", 2)
    court.move("1.0.0", "production", 2, DEPLOYING, VERIFYING, SUCCEEDED)


@breaks("way back")
def what_is_live_is_gone() -> None:
    court = released("1.0.0")
    court.judge.lost.add(digest("1.0.0"))
    court.release("1.1.0", 3)


@pytest.mark.parametrize(("law", "lie"), LIES, ids=[lie.__name__ for _, lie in LIES])
def test_a_lie_is_caught_by_the_law_that_it_breaks(law: str, lie: Lie) -> None:
    """A law that cannot be broken says nothing."""
    with pytest.raises(Broken) as caught:
        lie()

    assert caught.value.law == law
