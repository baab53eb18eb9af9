"""Holds by people: who holds what and why, and what goes on when they are lifted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.app.operating.operate import ESTATE, add_hold, holds, lift_hold
from shared.codec.errors import HalfWritten
from shared.domain.state.estate import Hold
from shared.domain.values.errors import InvalidValue
from tests.support.app_looks import Before, Mute, latest, policy_row, queued
from tests.support.app_parts import Harness
from tests.support.outside import RITA, SAM, SHIPPING

HOUR = timedelta(hours=1)


def held(slipway: Harness, scope: str = "everything", *, key: str = "", **changes: Any) -> Hold:
    """Add a hold as somebody at the API does."""
    said = {"reason": "fire", "until": None, **changes}
    return add_hold(slipway.app, slipway.caller("POST /api/holds", key), scope=scope, **said)


def lifted(slipway: Harness, hold: str, *, key: str = "", reason: str = "over") -> Hold | None:
    """Lift a hold as somebody at the API does."""
    return lift_hold(slipway.app, slipway.caller(f"DELETE /api/holds/{hold}", key), hold, reason)


def test_a_hold_keeps_everything_back_under_its_persons_name(slipway: Harness) -> None:
    """Stop-the-line has a name of its own, so that everybody knows what to lift."""
    hold = held(slipway)
    slipway.release_to("1.0.0", approve=False)

    assert (hold.id, hold.person, hold.since) == ("stop", RITA, slipway.timeline(ESTATE)[0].at)
    assert holds(slipway.app) == (hold,)
    assert slipway.promotion("1.0.0", "qa").phase == "Waiting"
    assert slipway.promotion("1.0.0", "qa").reason.endswith("fire")
    assert latest(slipway, ESTATE).notes == ("hold stop on everything: fire",)
    assert latest(slipway, ESTATE).person == RITA


@pytest.mark.parametrize("scope", ["environment:production", "service:shipping/delivery"])
def test_a_hold_has_a_scope(slipway: Harness, scope: str) -> None:
    """And an id made from its request."""
    hold = held(slipway, scope)

    assert hold.scope == scope
    assert hold.id.startswith("hold-")


def test_two_people_who_stop_the_line_have_a_hold_each(slipway: Harness) -> None:
    """Whoever lifts theirs leaves the other's, with its own reason."""
    sam = slipway.caller("holds", "k1", person=SAM)
    first = held(slipway)
    second, again = (
        add_hold(slipway.app, sam, scope="everything", reason="me too", until=None) for _ in ("asked", "asked again")
    )
    both = set(holds(slipway.app))
    lifted(slipway, first.id)

    assert (first.id, first.reason, second.reason) == ("stop", "fire", "me too")
    assert second.id.startswith("hold-")
    assert (again, both) == (second, {first, second})
    assert holds(slipway.app) == (second,)


def test_the_same_stop_asked_for_again_is_the_one_that_it_was(slipway: Harness) -> None:
    """Also where somebody lifted it in between: the answer is of the first time, and nothing is stopped."""
    first = held(slipway, key="k1")
    again = held(slipway, key="k1")
    lifted(slipway, first.id)
    late = held(slipway, key="k1")

    assert first == again == late
    assert holds(slipway.app) == ()


def test_a_hold_of_everything_for_a_while_is_not_the_line_stopped(slipway: Harness) -> None:
    """Both may stand beside each other."""
    stop, pause = held(slipway), held(slipway, until=slipway.app.now() + HOUR)

    assert {one.id for one in holds(slipway.app)} == {stop.id, pause.id}
    assert pause.until == slipway.app.now() + HOUR


def test_the_same_request_adds_one_hold(slipway: Harness) -> None:
    """And answers with it, as it was added."""
    first = held(slipway, "environment:qa", key="k1")
    slipway.outside.clock.advance(HOUR)
    again = held(slipway, "environment:qa", key="k1")

    assert again == first
    assert len(slipway.timeline(ESTATE)) == 1


def test_a_request_repeated_after_its_hold_was_lifted_holds_nothing_again(slipway: Harness) -> None:
    """It changed the world once."""
    hold = held(slipway, "environment:qa", key="k1")
    lifted(slipway, hold.id)
    held(slipway, "environment:qa", key="k1")

    assert holds(slipway.app) == ()


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_a_hold_needs_a_reason(slipway: Harness, reason: str) -> None:
    """The next person has to know."""
    with pytest.raises(InvalidValue) as refused:
        held(slipway, reason=reason)

    assert refused.value.field == "reason"
    assert slipway.timeline(ESTATE) == []


@pytest.mark.parametrize("ago", [timedelta(0), HOUR])
def test_a_hold_that_is_over_already_is_refused(slipway: Harness, ago: timedelta) -> None:
    """It would hold nothing, and whoever asked for it would think it did."""
    with pytest.raises(InvalidValue) as refused:
        held(slipway, until=slipway.app.now() - ago)

    assert refused.value.field == "until"
    assert slipway.timeline(ESTATE) == []


@pytest.mark.parametrize(
    "scope",
    ["", "all", "environment:", "environment:QA", "service:delivery", "service:/delivery", "service:a/b/c", "qa"],
)
def test_a_scope_that_is_none_is_refused(slipway: Harness, scope: str) -> None:
    """Rather than kept and holding nothing."""
    with pytest.raises(InvalidValue):
        held(slipway, scope)

    assert slipway.timeline(ESTATE) == []


def test_what_a_lifted_hold_kept_back_goes_on(slipway: Harness) -> None:
    """Every service in its scope is looked at."""
    hold = held(slipway)
    slipway.release_to("1.0.0", approve=False)
    found = lifted(slipway, hold.id)
    slipway.pump()

    assert found == hold
    assert slipway.live("qa") == "1.0.0"
    assert latest(slipway, ESTATE).notes == ("hold stop lifted: over",)


def test_a_hold_of_one_service_has_no_other_looked_at(slipway: Harness) -> None:
    """A hold of an environment concerns whoever may deploy there."""
    one, both = held(slipway, "service:shipping/delivery"), held(slipway, "environment:qa")
    lifted(slipway, one.id)
    first = queued(slipway, "events")
    slipway.pump()
    lifted(slipway, both.id)

    assert first == 1
    assert queued(slipway, "events") == 2


def test_a_hold_lifted_without_a_reason_says_so(slipway: Harness) -> None:
    """The ledger does not make one up."""
    lifted(slipway, held(slipway).id, reason="")

    assert latest(slipway, ESTATE).notes == ("hold stop lifted: no reason given",)


def test_a_hold_that_is_not_there_is_not_lifted(slipway: Harness) -> None:
    """Nothing is written, and nobody looked at."""
    found = lifted(slipway, "hold-nobody")

    assert found is None
    assert slipway.timeline(ESTATE) == []
    assert queued(slipway, "events") == 0


def test_a_repository_without_configuration_has_nobody_to_be_looked_at(slipway: Harness) -> None:
    """It is passed over."""
    slipway.outside.source.create("empty")
    lifted(slipway, held(slipway).id)

    assert queued(slipway, "events") == 2


def test_a_crash_after_a_hold_was_lifted_is_made_up_for_by_the_tick(slipway: Harness) -> None:
    """What waited for it has no deadline while it is held: nothing else would ever look."""
    hold = held(slipway)
    slipway.release_to("1.0.0", approve=False)
    queues = slipway.app.queues
    slipway.wrap(queues=Mute())
    lifted(slipway, hold.id)
    slipway.wrap(queues=queues)
    before = slipway.live("qa")
    slipway.tick()

    assert (before, slipway.live("qa")) == ("", "1.0.0")


def test_a_hold_is_not_lifted_while_nobody_can_say_whom_it_concerns(slipway: Harness) -> None:
    """The configuration is being written: the person is told to ask again, and nothing has changed."""
    hold = held(slipway)
    row = policy_row(slipway, "package")
    slipway.app.rows.delete(SHIPPING, row.key, etag=row.etag)
    with pytest.raises(HalfWritten):
        lifted(slipway, hold.id)

    assert holds(slipway.app) == (hold,)


def test_of_two_people_who_lift_one_hold_at_once_the_later_finds_it_gone(slipway: Harness) -> None:
    """It is lifted once, by one person."""
    hold, sam = held(slipway), slipway.caller("holds", person=SAM)
    store = slipway.app.store
    slipway.wrap(store=Before(store, lambda: lift_hold(slipway.app, sam, hold.id, "mine")))
    found = lifted(slipway, hold.id)

    assert found is None
    assert holds(slipway.app) == ()
    assert [one.person for one in slipway.timeline(ESTATE)[1:]] == [SAM]


def test_lifting_again_under_the_same_key_answers_as_the_first_time(slipway: Harness) -> None:
    """The sender did not hear the first answer, and nothing is lifted twice."""
    hold = held(slipway)
    first = lifted(slipway, hold.id, key="k1")
    again = lifted(slipway, hold.id, key="k1")

    assert first == again == hold
    assert len(slipway.timeline(ESTATE)) == 2
