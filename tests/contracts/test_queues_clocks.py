"""Queues under a clock that is set: what is leased stays leased, what is to be seen is seen. Run on memory and SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.stores import LOCAL, MINUTE, Opened, opened, receive_none, receive_one

QUEUE = "slipway-deploy"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
JUMPS = [-30 * DAY, -DAY, -HOUR, -timedelta(seconds=2), timedelta(seconds=2), HOUR, 30 * DAY]


@pytest.fixture(params=LOCAL)
def fixture(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """An empty store of each kind."""
    with opened(request.param, tmp_path) as found:
        yield found


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_is_set_ends_no_lease(fixture: Opened, jump: timedelta) -> None:
    """Else two receivers would work on one message."""
    queues = fixture.queues
    queues.send(QUEUE, "body")
    message = receive_one(queues)
    fixture.clock.set(jump)

    assert receive_none(queues)
    queues.delete(message)
    assert queues.count(QUEUE) == 0


@pytest.mark.parametrize("jump", JUMPS)
def test_a_lease_runs_out_in_its_time_whatever_the_clock_says(fixture: Opened, jump: timedelta) -> None:
    """A receiver that is stuck keeps a message for as long as it was given, not for the length of a jump."""
    queues = fixture.queues
    queues.send(QUEUE, "body")
    receive_one(queues)
    fixture.clock.set(jump)
    fixture.clock.advance(MINUTE - timedelta(microseconds=1))
    early = receive_none(queues)
    fixture.clock.advance(timedelta(microseconds=1))

    assert early
    assert receive_one(queues).attempts == 2
    assert receive_none(queues)


@pytest.mark.parametrize("jump", JUMPS)
def test_a_delay_is_as_long_as_it_was_whatever_the_clock_says(fixture: Opened, jump: timedelta) -> None:
    """One that was sent with it and one that was given back, before the jump and after it."""
    queues = fixture.queues
    queues.send(QUEUE, "given back")
    queues.release(receive_one(queues), delay=10 * MINUTE)
    queues.send(QUEUE, "sent", delay=10 * MINUTE)
    fixture.clock.set(jump)
    queues.send(QUEUE, "sent later", delay=10 * MINUTE)
    fixture.clock.advance(10 * MINUTE - timedelta(microseconds=1))
    early = receive_none(queues)
    fixture.clock.advance(timedelta(microseconds=1))

    found = queues.receive(QUEUE, most=9, visibility=MINUTE, wait=timedelta(0))

    assert early
    assert [one.body for one in found] == ["given back", "sent", "sent later"]


def test_messages_keep_their_order_over_a_jump(fixture: Opened) -> None:
    """What was sent first is received first, also where its time looks later."""
    for number, jump in enumerate([timedelta(0), -HOUR, DAY, -2 * DAY]):
        fixture.clock.set(jump)
        fixture.queues.send(QUEUE, str(number))

    found = fixture.queues.receive(QUEUE, most=9, visibility=MINUTE, wait=timedelta(0))

    assert [one.body for one in found] == ["0", "1", "2", "3"]
