"""A push that nobody told of is seen by where the next one found the branch: its pusher is unknown."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.app.hook_events.inspect_push import inspect_push
from shared.codec.repository import TIPS, tip_row
from shared.domain.messages.events import PushReceived
from shared.domain.state.repository import Pushed
from shared.domain.values.person import Person
from shared.ports.errors import NotFound, Permanent
from tests.support.app_parts import Harness, branch
from tests.support.outside import ADA, MAIN, RITA, SAM, SHIPPING, SLIPWAY_YAML

BRANCH = branch("1.0.0")
NEW = "0" * 40


def told(slipway: Harness, before: str, commit: str, by: Person | None) -> None:
    """Deliver the hook's message about one push, up to the decision."""
    id_ = f"{by.id if by else ''}:{before}:{commit}"
    event = PushReceived(id=id_, repository=SHIPPING, ref=BRANCH, commit=commit, before=before, pushed_by=by)
    slipway.send(event)
    slipway.pump("events", "inspect-push")


def pushed(slipway: Harness, number: int) -> str:
    """Push a commit that Ada wrote, with nobody told of it."""
    return slipway.outside.commit(BRANCH, {"x": str(number).encode()}, by=ADA)


def kept(slipway: Harness) -> tuple[Pushed, ...]:
    """Who is known to have pushed what no release has taken in."""
    row = slipway.app.rows.get(SHIPPING, tip_row(BRANCH))
    assert row is not None
    return TIPS.decode(row.value).pushed


def test_attack_push_unheard_and_have_somebody_push_on_before_anybody_looks(slipway: Harness) -> None:
    """Whoever pushed what the second push stands on is not known, and might be whoever approves."""
    first = pushed(slipway, 1)
    told(slipway, first, pushed(slipway, 2), SAM)
    slipway.pump()

    assert slipway.release("1.0.0").unnamed == (first,)
    assert slipway.answer(RITA).code == "unlinked-author"


def test_attack_push_unheard_between_two_that_are_heard(slipway: Harness) -> None:
    """Also where the branch was known."""
    first = pushed(slipway, 1)
    told(slipway, NEW, first, ADA)
    second = pushed(slipway, 2)
    told(slipway, second, pushed(slipway, 3), SAM)
    slipway.pump()

    assert slipway.release("1.0.0").unnamed == (second,)


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_pushes_that_were_all_told_leave_nobody_unknown_in_any_order(slipway: Harness, order: tuple[int, ...]) -> None:
    """Each twice: a message may be delivered again."""
    commits = [NEW, *(pushed(slipway, number) for number in range(3))]
    people = (RITA, SAM, ADA)
    for one in (*order, *order):
        told(slipway, commits[one], commits[one + 1], people[one])
    slipway.pump()

    release = slipway.release("1.0.0")
    assert release.unnamed == ()
    assert {one.id for one in release.pushers} == {one.id for one in people}


@pytest.mark.parametrize("order", [(0, 2), (2, 0)])
def test_attack_have_one_push_of_three_not_told(slipway: Harness, order: tuple[int, ...]) -> None:
    """Whichever message of the others is read first."""
    commits = [NEW, *(pushed(slipway, number) for number in range(3))]
    for one in order:
        told(slipway, commits[one], commits[one + 1], SAM)

    assert slipway.release("1.0.0").unnamed == (commits[2],)


def test_who_pushed_what_a_history_that_cannot_be_read_may_hold_is_a_pusher(slipway: Harness) -> None:
    """Nobody can tell whether what they pushed is a part of it."""
    first = pushed(slipway, 1)
    second = pushed(slipway, 2)
    told(slipway, "", second, SAM)
    slipway.outside.troubles.add("source.contains", Permanent("bogus commit"))
    told(slipway, NEW, first, RITA)

    assert RITA in slipway.release("1.0.0").pushers


@pytest.mark.parametrize("trouble", [Permanent("no room", ours=True), NotFound("gone")])
def test_a_trouble_of_ours_names_nobody(slipway: Harness, trouble: Exception) -> None:
    """It is looked at again, as long as that may help."""
    first = pushed(slipway, 1)
    told(slipway, "", pushed(slipway, 2), SAM)
    before = slipway.release("1.0.0").pushers
    slipway.outside.troubles.add("source.contains", trouble)

    with pytest.raises(type(trouble)):
        told(slipway, NEW, first, RITA)

    assert slipway.release("1.0.0").pushers == before


def test_a_push_that_was_forced_away_unheard_is_no_part_until_it_comes_back(slipway: Harness) -> None:
    """What is released does not hold it, and nobody is asked for."""
    slipway.outside.commit(branch("2.0.0"), {"y": b"1"}, by=ADA)
    other = slipway.outside.source.tip(SHIPPING, branch("2.0.0"))
    assert other is not None
    told(slipway, other, pushed(slipway, 1), SAM)

    assert slipway.release("1.0.0").unnamed == ()
    assert kept(slipway) == (Pushed(other, None),)

    told(slipway, NEW, other, RITA)
    assert kept(slipway) == (Pushed(other, RITA),)


def test_who_pushed_unheard_before_there_was_a_service_is_unknown_once_there_is(slipway: Harness) -> None:
    """It is kept with the branch."""
    slipway.push(MAIN, {"slipway.yaml": SLIPWAY_YAML.replace("  delivery:", "  other:").encode()})
    first = pushed(slipway, 1)
    second = pushed(slipway, 2)
    told(slipway, first, second, SAM)
    assert kept(slipway) == (Pushed(first, None), Pushed(second, SAM))

    slipway.push(MAIN, {"slipway.yaml": SLIPWAY_YAML.encode()})
    told(slipway, second, pushed(slipway, 3), ADA)
    assert slipway.release("1.0.0").unnamed == (first,)


def test_attack_have_a_message_without_a_name_come_late(slipway: Harness) -> None:
    """It tells of a push, and of nobody."""
    first, second = pushed(slipway, 1), pushed(slipway, 2)
    told(slipway, "", second, SAM)
    told(slipway, NEW, first, None)

    assert slipway.release("1.0.0").unnamed == (first,)


def test_who_pushed_what_is_gone_is_looked_for_where_the_branch_was(slipway: Harness) -> None:
    """A message that comes after the branch was deleted and set aside finds what was known."""
    first = pushed(slipway, 1)
    second = pushed(slipway, 2)
    told(slipway, NEW, second, SAM)
    slipway.outside.delete(BRANCH)
    told(slipway, second, NEW, SAM)
    slipway.tick()
    slipway.tick()
    told(slipway, NEW, first, RITA)

    release = slipway.release("1.0.0")
    assert (release.unnamed, RITA in release.pushers) == ((), True)


def test_attack_delete_the_branch_and_push_the_same_again_in_another_name(slipway: Harness) -> None:
    """Whoever pushes it again is a pusher; who pushed it first stays unknown."""
    commit = pushed(slipway, 1)
    slipway.tick()
    slipway.pump("events", "inspect-push")
    slipway.outside.clock.advance(timedelta(minutes=1))
    told(slipway, NEW, commit, SAM)
    slipway.pump()

    release = slipway.release("1.0.0")
    assert (release.unnamed, SAM in release.pushers) == ((commit,), True)
    assert slipway.answer(RITA).code == "unlinked-author"


def test_the_message_of_a_new_branch_names_its_push_although_the_tick_saw_it_first(slipway: Harness) -> None:
    """A hook speaks within seconds."""
    commit = pushed(slipway, 1)
    slipway.tick()
    slipway.pump("events", "inspect-push")
    slipway.outside.clock.advance(timedelta(seconds=2))
    told(slipway, NEW, commit, SAM)

    assert slipway.release("1.0.0").unnamed == ()


def test_a_branch_that_is_no_release_is_not_asked_who_pushed_it(slipway: Harness) -> None:
    """Nobody approves it."""
    commit = slipway.outside.commit(MAIN, {"y": b"1"})
    push = PushReceived(id="p", repository=SHIPPING, ref=MAIN, commit=commit, before="f" * 40, pushed_by=SAM)
    inspect_push(slipway.app, push)

    row = slipway.app.rows.get(SHIPPING, tip_row(MAIN))
    assert row is not None
    assert (TIPS.decode(row.value).known, TIPS.decode(row.value).pushed) == ((), ())
