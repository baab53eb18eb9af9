"""One file, several processes: nobody's decision is lost, whoever dies."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.sqlite import SqliteDatabase
from shared.ports.store import Message
from tests.support.clock import Clock
from tests.support.sqlite_process import ENDLESS, QUEUE, SERVICE, lines, writing
from tests.support.stores import MINUTE, a_write, always, receive_none, receive_one

PATIENCE = timedelta(seconds=60)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the database lies."""
    return tmp_path / "slipway.db"


@pytest.fixture
def database(file: Path) -> Iterator[SqliteDatabase]:
    """The database, open in this process, which is no host yet."""
    found = SqliteDatabase(file, Clock())
    yield found
    found.close()


def chain(database: SqliteDatabase) -> list[int]:
    """Verify the ledger and return its sequences."""
    previous = "0" * 64
    rows = database.store.ledger(SERVICE, after=0, most=ENDLESS)
    for row in rows:
        assert (row.previous, row.hash) == (previous, hashlib.sha256(previous.encode() + row.body).hexdigest())
        previous = row.hash
    loaded = database.store.read(SERVICE)
    assert (loaded.sequence, loaded.ledger_hash) == (len(rows), previous)
    assert loaded.rows["1~policy"] == str(len(rows)).encode()
    return [row.sequence for row in rows]


@pytest.mark.slow
@pytest.mark.parametrize("ahead", [0, 300])
def test_two_processes_write_one_chain(file: Path, database: SqliteDatabase, ahead: int) -> None:
    """Each decides on what the other wrote; all that was answered is there, once. Their clocks do not matter."""
    with writing(file, "a", 100, host=True, ahead=ahead) as first, writing(file, "b", 100) as second:
        answered = lines(first, 100) + lines(second, 100)
        ends = first.wait(), second.wait()

    assert ends == (0, 0)
    assert sorted(sequence for _, sequence in answered) == list(range(1, 201))
    assert chain(database) == list(range(1, 201))


@pytest.mark.slow
def test_this_process_sees_what_another_wrote_between_its_decisions(file: Path, database: SqliteDatabase) -> None:
    """What the writer remembers is forgotten as soon as somebody else wrote."""
    database.store.transact(SERVICE, "e1", always(a_write()))
    with writing(file, "a", 3) as process:
        lines(process, 3)
        process.wait()
    seen: list[bytes] = []

    database.store.transact(SERVICE, "e2", lambda loaded: seen.append(loaded.rows["1~policy"]))

    assert seen == [b"4"]


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 25])
def test_a_process_killed_while_it_writes_leaves_the_chain_whole(
    file: Path, database: SqliteDatabase, after: int
) -> None:
    """What it answered is there, what it did not answer is there whole or not at all, and others go on."""
    with writing(file, "a", ENDLESS) as process:
        answered = lines(process, after)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    sequences = chain(database)
    assert sequences[: len(answered)] == [sequence for _, sequence in answered]
    assert len(database.store.read(SERVICE).outbox) == len(sequences)
    assert database.store.transact(SERVICE, "a-0", always(a_write())).duplicate
    assert database.store.transact(SERVICE, "e", always(a_write())).sequence == len(sequences) + 1


@pytest.mark.slow
def test_a_new_host_takes_over_what_a_killed_one_had_leased(file: Path) -> None:
    """Its leases are free at once, not when a time has run out; its lock file goes."""
    with writing(file, "a", ENDLESS, host=True) as process:
        lines(process, 5)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    left = {path.name for path in file.parent.glob("*.host-*.lock")}

    database = SqliteDatabase(file, Clock())
    database.recover()

    # The other process lived by the real clock, this one in the past: what was there at once is there at once.
    effects = database.queues.count(QUEUE)
    found = database.queues.receive(QUEUE, most=effects, visibility=MINUTE, wait=timedelta(0))
    assert len(left) == 1
    assert not left & {path.name for path in file.parent.glob("*.host-*.lock")}
    assert len(found) == effects >= 5
    database.close()


@pytest.mark.slow
def test_a_host_receives_what_another_process_left_to_it(file: Path, database: SqliteDatabase) -> None:
    """A process that is no host leases nothing; a waiting host finds it by looking now and then."""
    clock = Clock()
    database.recover()
    found: list[str] = []
    receiver = threading.Thread(
        target=lambda: found.append(receive_one(database.queues, QUEUE, wait=PATIENCE).body), daemon=True
    )
    receiver.start()
    other = SqliteDatabase(file, clock, elapsed=clock.elapsed)

    other.store.transact(SERVICE, "e1", always(a_write(outbox=[Message(queue=QUEUE, body="from outside")])))
    receiver.join(timeout=PATIENCE.total_seconds())
    other.close()

    assert found == ["from outside"]


def test_a_closed_host_gives_its_leases_back(file: Path) -> None:
    """The next host receives what the last one did not acknowledge, with the deliveries it counted."""
    clock = Clock()
    first = SqliteDatabase(file, clock, elapsed=clock.elapsed)
    first.recover()
    first.queues.send(QUEUE, "body")
    receive_one(first.queues)
    first.close()

    second = SqliteDatabase(file, clock, elapsed=clock.elapsed)
    second.recover()
    message = receive_one(second.queues)
    second.close()

    assert (message.body, message.attempts) == ("body", 2)


def test_a_delay_outlives_the_host(file: Path) -> None:
    """A message released with a delay is not looked at earlier because another host took over."""
    clock = Clock()
    first = SqliteDatabase(file, clock, elapsed=clock.elapsed)
    first.recover()
    first.queues.send(QUEUE, "body")
    first.queues.release(receive_one(first.queues), delay=10 * MINUTE)
    first.close()

    second = SqliteDatabase(file, clock, elapsed=clock.elapsed)
    second.recover()
    early = receive_none(second.queues)
    clock.advance(10 * MINUTE)
    second.close()
    third = SqliteDatabase(file, clock, elapsed=clock.elapsed)
    third.recover()
    message = receive_one(third.queues)
    third.close()

    assert early
    assert message.attempts == 2


def test_a_poisoned_message_says_why(file: Path, database: SqliteDatabase) -> None:
    """The reason is kept beside it, for whoever looks, and for the host that takes it."""
    database.recover()
    database.queues.send(QUEUE, "bad")

    database.queues.poison(receive_one(database.queues), reason="unknown type")
    database.close()
    other = SqliteDatabase(file, Clock())
    other.recover()
    taken = receive_one(other.queues, f"{QUEUE}-poison")
    other.close()

    assert taken.reason == "unknown type"
    with sqlite3.connect(file) as connection:
        rows = connection.execute("SELECT queue, body, reason FROM message").fetchall()
    connection.close()
    assert rows == [(f"{QUEUE}-poison", "bad", "unknown type")]


def test_a_living_hosts_leases_are_not_taken(file: Path, database: SqliteDatabase) -> None:
    """Two hosts on one file: what one has leased, the other does not see."""
    database.recover()
    database.queues.send(QUEUE, "body")

    other = SqliteDatabase(file, Clock())
    other.recover()
    found = other.queues.receive(QUEUE, most=1, visibility=MINUTE, wait=timedelta(0))
    other.close()

    assert not found
    assert receive_one(database.queues).body == "body"
