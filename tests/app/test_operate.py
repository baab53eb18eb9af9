"""What people ask for: once for each request, under their name, and made up for after a crash."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.app.operating.operate import operate, request_id
from shared.domain.messages import events as ev
from tests.support.app_looks import Before, Dying, hints, latest
from tests.support.app_parts import DELIVERY, Harness
from tests.support.outside import RITA, SAM


def test_a_request_has_one_name_for_its_route_its_person_and_its_key(slipway: Harness) -> None:
    """Another of either is another request; nobody repeats somebody else's by guessing the key."""
    rita = slipway.caller("POST /x", "k1")
    names = [
        request_id(slipway.app, one)
        for one in (
            rita,
            replace(rita, person=SAM),
            replace(rita, route="POST /y"),
            replace(rita, idempotency_key="k2"),
        )
    ]

    assert request_id(slipway.app, rita) == names[0]
    assert len(set(names)) == 4


def test_a_request_without_a_key_is_a_new_one_each_time(slipway: Harness) -> None:
    """Asking twice means it twice."""
    rita = slipway.caller("POST /x")

    assert request_id(slipway.app, rita) != request_id(slipway.app, rita)


def test_groups_are_no_part_of_a_requests_name(slipway: Harness) -> None:
    """Whoever joins a group between two tries is the same person asking the same."""
    rita = slipway.caller("POST /x", "k1")

    assert request_id(slipway.app, replace(rita, groups=("g",))) == request_id(slipway.app, rita)


def test_a_request_is_answered_at_once_and_changes_nothing_the_second_time(slipway: Harness) -> None:
    """The second answer is the first one."""
    slipway.release_to("1.0.0", approve=False)
    abort = ev.AbortRequested(id="api:1", service=DELIVERY, person=RITA, version="1.0.0", reason="wrong")
    first = operate(slipway.app, abort)
    again = operate(slipway.app, abort)

    assert latest(slipway).person == RITA
    assert again == replace(first, duplicate=True)
    assert slipway.promotion("1.0.0", "production").phase == "Aborted"


def test_a_request_whose_effects_were_not_sent_is_made_up_for_by_the_tick(slipway: Harness) -> None:
    """Nobody delivers a click again: its hint was written before it was committed."""
    slipway.release_to("1.0.0", approve=False)
    queues = slipway.app.queues
    slipway.wrap(queues=Dying())
    with pytest.raises(ConnectionResetError):
        slipway.answer()
    slipway.wrap(queues=queues)
    before = slipway.live("production")
    slipway.tick()

    assert (before, slipway.live("production")) == ("", "1.0.0")


def test_a_request_that_was_sent_leaves_no_hint(slipway: Harness) -> None:
    """The tick would look at the service for nothing."""
    slipway.release_to("1.0.0", approve=False)

    slipway.answer()

    assert "request" not in {row.what for row in hints(slipway)}


def test_a_request_that_never_got_committed_leaves_only_a_hint(slipway: Harness) -> None:
    """Which is spurious, and harmless."""

    def crash() -> None:
        raise ConnectionResetError("the process died")

    store = slipway.app.store
    slipway.wrap(store=Before(store, crash))
    entries = slipway.timeline()
    with pytest.raises(ConnectionResetError):
        slipway.ask(ev.AbortRequested, version="1.0.0", reason="")
    slipway.wrap(store=store)

    assert "request" in [row.what for row in hints(slipway)]
    assert slipway.tick().timeline() == entries
