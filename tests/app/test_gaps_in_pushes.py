"""Where a release branch was deleted and made anew, or moved further than is told: whoever did it unheard is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from shared.domain.values.person import Person
from tests.app.test_pushed_unheard import BRANCH, NEW, pushed, told
from tests.support.app_parts import Harness, make_app
from tests.support.outside import ADA, RITA, SAM, SHIPPING

GONE = "who deleted the branch before it was pushed anew, and what was pushed until then"


@pytest.fixture(params=["memory", "sqlite"])
def slipway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    """One that has read the repository for the first time, on each store."""
    made = make_app(request.param, tmp_path).start()
    with closing(made.database):
        yield made


def deleted(slipway: Harness, commit: str, by: Person | None) -> None:
    """Deliver the message that the branch was deleted there."""
    told(slipway, commit, NEW, by)


def made_twice(slipway: Harness) -> tuple[str, str]:
    """A branch that Ada made; somebody deleted it, and Sam makes it anew with what was pushed meanwhile."""
    first = pushed(slipway, 1)
    told(slipway, NEW, first, ADA)
    slipway.outside.delete(BRANCH)
    pushed(slipway, 2)
    return first, pushed(slipway, 3)


@pytest.mark.parametrize("seen", [False, True])
def test_attack_push_delete_and_have_somebody_push_it_anew(slipway: Harness, seen: bool) -> None:
    """Nobody told of either, whether the tick saw that the branch was gone or not."""
    first = pushed(slipway, 1)
    told(slipway, NEW, first, ADA)
    slipway.outside.delete(BRANCH)
    if seen:
        slipway.tick()
        slipway.pump("events", "inspect-push")
    pushed(slipway, 2)
    told(slipway, NEW, pushed(slipway, 3), SAM)
    slipway.pump()

    assert slipway.release("1.0.0").unnamed == (NEW,)
    assert GONE in slipway.answer(RITA).reason


@pytest.mark.parametrize("late", [False, True])
def test_a_branch_that_was_deleted_as_everybody_was_told_leaves_nobody_unknown(slipway: Harness, late: bool) -> None:
    """In whichever order it is told, and however often. Who deleted it is one of those who pushed it only where it came late."""
    first, second = made_twice(slipway)
    messages = [(first, NEW, RITA), (NEW, second, SAM)]
    for before, after, by in (*reversed(messages), *messages) if late else (*messages, *messages):
        told(slipway, before, after, by)
    slipway.pump()

    release = slipway.release("1.0.0")
    assert release.unnamed == ()
    assert (RITA in release.pushers, SAM in release.pushers) == (late, True)


def test_a_gap_is_filled_by_the_messages_that_come_late_alone(slipway: Harness) -> None:
    """Two pushes between the branch's last known place and where the next one found it: one message is not enough."""
    one, two, three, four = (pushed(slipway, number) for number in range(4))
    told(slipway, NEW, one, ADA)
    told(slipway, three, four, SAM)
    left = [slipway.release("1.0.0").unnamed]
    for before, after in ((two, three), (one, two)):
        told(slipway, before, after, RITA)
        left.append(slipway.release("1.0.0").unnamed)
    slipway.pump()

    assert left == [(three,), (two,), ()]
    assert slipway.answer(RITA).code == "author"


def test_attack_delete_what_was_pushed_unheard(slipway: Harness) -> None:
    """The message of the deletion says where it found the branch."""
    first = pushed(slipway, 1)
    told(slipway, NEW, first, ADA)
    second = pushed(slipway, 2)
    slipway.outside.delete(BRANCH)
    deleted(slipway, second, ADA)
    slipway.outside.source.refs(SHIPPING)[BRANCH] = second
    told(slipway, NEW, pushed(slipway, 3), SAM)

    assert slipway.release("1.0.0").unnamed == (second,)


def test_a_deletion_that_nobody_is_named_for_in_time_is_told_all_the_same(slipway: Harness) -> None:
    """Where the branch was then is known; who deletes brings nothing in."""
    first, second = made_twice(slipway)
    deleted(slipway, first, None)
    told(slipway, NEW, second, SAM)

    assert slipway.release("1.0.0").unnamed == ()
