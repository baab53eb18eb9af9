"""One file and clocks that differ: hosts apart from each other, and a host that starts with another time than it stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from shared.adapters.sqlite import SqliteDatabase
from tests.support.clock import NOON, Clock
from tests.support.sqlite_process import SERVICE
from tests.support.stores import MINUTE, a_message, a_write, always, receive_none, receive_one

QUEUE = "slipway-deploy"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
APART = 5 * MINUTE


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the database lies."""
    return tmp_path / "slipway.db"


@contextmanager
def opened(file: Path, clock: Clock, *, host: bool = True) -> Iterator[SqliteDatabase]:
    """Open the file by this clock, as a host or only to write."""
    database = SqliteDatabase(file, clock, elapsed=clock.elapsed)
    if host:
        database.recover()
    try:
        yield database
    finally:
        database.close()


@pytest.mark.parametrize("jump", [-30 * DAY, -HOUR, HOUR, 30 * DAY])
def test_a_host_that_starts_by_another_clock_sees_what_was_left_at_once(file: Path, jump: timedelta) -> None:
    """Messages and effects of an earlier life do not wait until the clock shows their time again."""
    with opened(file, Clock()) as before:
        before.queues.send(QUEUE, "message")
        before.store.transact(SERVICE, "e1", always(a_write(outbox=[a_message("effect")])))

    with opened(file, Clock(NOON + jump)) as after:
        found = after.queues.receive(QUEUE, most=9, visibility=MINUTE, wait=timedelta(0))

    assert {one.body for one in found} == {"message", "effect"}


def test_a_host_that_starts_by_a_clock_set_back_keeps_a_delay_and_no_more(file: Path) -> None:
    """Of what was sent with one and what was given back with one, the whole delay is the longest."""
    with opened(file, Clock()) as before:
        before.queues.send(QUEUE, "body")
        before.queues.release(receive_one(before.queues), delay=10 * MINUTE)
        before.queues.send(QUEUE, "body", delay=10 * MINUTE)

    clock = Clock(NOON - DAY)
    with opened(file, clock) as after:
        clock.advance(10 * MINUTE - timedelta(microseconds=1))
        early = receive_none(after.queues)
        clock.advance(timedelta(microseconds=1))
        found = after.queues.receive(QUEUE, most=9, visibility=MINUTE, wait=timedelta(0))

    assert early
    assert len(found) == 2


@pytest.mark.parametrize("apart", [-APART, APART])
def test_what_another_process_leaves_is_there_whoever_is_ahead(file: Path, apart: timedelta) -> None:
    """A writer five minutes ahead, or behind, does not make the host wait for them."""
    clock = Clock()
    with opened(file, clock) as host, opened(file, Clock(NOON + apart), host=False) as writer:
        writer.queues.send(QUEUE, "now")
        writer.queues.send(QUEUE, "later", delay=MINUTE)
        host.recover()
        found = [*host.queues.receive(QUEUE, most=9, visibility=HOUR, wait=timedelta(seconds=30))]
        at_once = {one.body for one in found}
        clock.advance(MINUTE)
        found += host.queues.receive(QUEUE, most=9, visibility=HOUR, wait=timedelta(0))

    assert "now" in at_once
    assert sorted(one.body for one in found) == ["later", "now"]


@pytest.mark.parametrize("apart", [-APART, APART])
def test_neither_of_two_hosts_takes_what_the_other_has(file: Path, apart: timedelta) -> None:
    """A lease belongs to a living host, not to a time: each message is received by one of them."""
    with opened(file, Clock()) as one, opened(file, Clock(NOON + apart)) as other:
        for number in range(3):
            one.queues.send(QUEUE, f"one {number}")
            other.queues.send(QUEUE, f"other {number}")
        held = [*one.queues.receive(QUEUE, most=2, visibility=MINUTE, wait=timedelta(0))]
        found = {
            name: {message.body for message in host.queues.receive(QUEUE, most=9, visibility=MINUTE, wait=timedelta(0))}
            for name, host in (("other", other), ("one", one))
        }

    assert [message.body for message in held] == ["one 0", "one 1"]
    assert found == {"one": {"one 2"}, "other": {"other 0", "other 1", "other 2"}}


@pytest.mark.parametrize("apart", [-APART, APART])
def test_two_hosts_apart_write_one_chain(file: Path, apart: timedelta) -> None:
    """Order is that of the sequence; what the one did is a duplicate to the other."""
    with opened(file, Clock()) as one, opened(file, Clock(NOON + apart)) as other:
        for number in range(6):
            host = (one, other)[number % 2]
            host.store.transact(SERVICE, f"e{number}", always(a_write(entry=str(number).encode())))
        again = [host.store.transact(SERVICE, f"e{n}", always(a_write())) for n in range(6) for host in (one, other)]
        rows = one.store.ledger(SERVICE, after=0, most=99)

    assert [row.body for row in rows] == [b"0", b"1", b"2", b"3", b"4", b"5"]
    assert all(later.previous == earlier.hash for earlier, later in pairwise(rows))
    assert all(one.duplicate for one in again)
