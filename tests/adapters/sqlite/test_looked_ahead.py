"""An effect that only looks is handed over before the decision that asks for it is on disk, and lost with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.sqlite import SqliteDatabase
from shared.ports.queues import Received
from shared.ports.store import OutboxRow, StoreUnavailable
from tests.support.clock import Clock
from tests.support.held_back import (
    AT_ONCE,
    EFFECTS,
    Disk,
    decide,
    elsewhere,
    fail_together,
    flush,
    kept,
    taken,
)
from tests.support.stores import MINUTE, SERVICE, a_write, always

NOW, SOON = timedelta(0), timedelta(seconds=1)


def left(database: SqliteDatabase, clock: Clock) -> list[str]:
    """Take all there is to take, soon."""
    clock.advance(SOON)
    received = iter(lambda: database.queues.receive_any(AT_ONCE, visibility=MINUTE), None)
    return sorted(one.body for one in received)


def at_once(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, follows: Callable[[], object]) -> None:
    """Let something happen right after the first call of a method, before its caller goes on."""
    method = getattr(owner, name)

    def call(*args: object, **named: object) -> object:
        found = method(*args, **named)
        monkeypatch.setattr(owner, name, method)
        follows()
        return found

    monkeypatch.setattr(owner, name, call)


def look(database: SqliteDatabase, message: Received) -> tuple[Received, OutboxRow]:
    """Let a message lead to an effect that only looks, and take that one before anything is on disk."""
    [row] = decide(database, "e1", "a look", looks=True)
    database.queues.delete(message)
    return taken(database), row


def test_what_only_looks_is_handed_out_before_its_decision_is_on_disk(
    database: SqliteDatabase, tmp_path: Path, message: Received
) -> None:
    """What it leads to gets there together with what it came of, and it is handed out once."""
    effect, row = look(database, message)
    database.store.transact(SERVICE, "e2", always(a_write(done=frozenset({row.key}))))
    database.queues.delete(effect)
    assert (effect.body, kept(tmp_path)) == ("a look", (0, ["the message"]))

    flush(database)

    assert kept(tmp_path) == (2, [])
    assert database.queues.receive_any({}, visibility=MINUTE) is None
    assert not database.queues.receive(EFFECTS, most=1, visibility=MINUTE, wait=timedelta(0))


def test_who_only_looks_sees_the_state_that_asked_for_it(
    database: SqliteDatabase, tmp_path: Path, message: Received
) -> None:
    """Who must have it exactly waits until it is on disk."""
    look(database, message)

    assert database.store.read(SERVICE, exact=False).sequence == 1
    assert kept(tmp_path)[0] == 0
    assert database.store.read(SERVICE).sequence == 1
    assert kept(tmp_path)[0] == 1


def test_what_only_looks_is_lost_with_its_decision(database: SqliteDatabase, tmp_path: Path, message: Received) -> None:
    """What it reports then is not taken, and takes out of the outbox nothing that was decided in its place."""
    _, row = look(database, message)
    fail_together(database)
    elsewhere(lambda: decide(database, "e2", "another"))

    with pytest.raises(StoreUnavailable):
        database.store.transact(SERVICE, "e3", always(a_write()))
    with pytest.raises(StoreUnavailable):
        database.store.forget(SERVICE, [row.key])
    assert kept(tmp_path) == (1, ["another", "the message"])
    assert taken(database).body == "another"


def test_what_only_looks_and_was_not_taken_yet_is_lost_too(
    database: SqliteDatabase, clock: Clock, message: Received
) -> None:
    """Only the message that led to it is there."""
    decide(database, "e1", "a look", looks=True)
    fail_together(database)
    database.queues.delete(message)
    clock.advance(SOON)

    assert database.queues.receive_any({EFFECTS: 1}, visibility=MINUTE) is None
    assert taken(database).body == "the message"


def test_outside_the_pool_what_only_looks_waits_for_the_disk(
    database: SqliteDatabase, tmp_path: Path, message: Received
) -> None:
    """Such a thread's work is not lost together with the decision."""
    decide(database, "e1", "a look", looks=True)

    [found] = database.queues.receive(EFFECTS, most=1, visibility=MINUTE, wait=timedelta(0))

    assert (found.body, kept(tmp_path)[0]) == ("a look", 1)


@pytest.mark.parametrize("again", ["its lease ran out", "it was put back"])
def test_what_only_looks_is_lost_with_its_decision_also_the_second_time(
    database: SqliteDatabase, clock: Clock, message: Received, again: str
) -> None:
    """As long as the decision is not on disk, everybody who is given the effect reports in vain without it."""
    effect, _ = look(database, message)
    if again == "it was put back":
        database.queues.release(effect, delay=NOW)
    else:
        clock.advance(MINUTE)
    assert taken(database).body == "a look"
    fail_together(database)

    with pytest.raises(StoreUnavailable):
        database.store.transact(SERVICE, "the report", always(a_write()))


def test_what_is_lost_just_when_it_is_taken_is_not_handed_out(
    database: SqliteDatabase, clock: Clock, message: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the choice of the message and the answer."""
    decide(database, "e1", "a look", looks=True)
    database.queues.delete(message)
    at_once(monkeypatch, database.queues._delivery, "take_any", lambda: fail_together(database))

    assert left(database, clock) == []
    assert left(database, clock) == ["the message"]


@pytest.mark.parametrize("ended", ["poisoned", "deleted"])
def test_an_effect_that_is_lost_when_it_ends_does_not_come_again(
    database: SqliteDatabase,
    disk: Disk,
    tmp_path: Path,
    clock: Clock,
    message: Received,
    monkeypatch: pytest.MonkeyPatch,
    ended: str,
) -> None:
    """It would be in the way of the effect that gets its number, and take that one out of the outbox at its end."""
    effect, _ = look(database, message)
    if ended == "poisoned":
        disk.full = {"COMMIT": 1}
        with pytest.raises(StoreUnavailable):
            database.queues.poison(effect, reason="it fails")
    else:
        at_once(monkeypatch, database.queues._delivery, "settle", lambda: fail_together(database))
        database.queues.delete(effect)
    elsewhere(lambda: decide(database, "e2", "another"))

    assert left(database, clock) == ["another", "the message"]
    assert kept(tmp_path) == (1, ["another", "the message"])


def test_an_effect_that_is_over_takes_no_other_out_of_the_outbox(
    database: SqliteDatabase, tmp_path: Path, clock: Clock, message: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another decision gets the lost one's number, and its effect the lost one's place, before the removal is written."""
    _, row = look(database, message)
    at_once(monkeypatch, database.store._writer.here, "check_kept", lambda: lost_for_another(database))

    with pytest.raises(StoreUnavailable):
        database.store.forget(SERVICE, [row.key])
    flush(database)

    assert left(database, clock) == ["another", "the message"]
    assert kept(tmp_path)[1] == ["another", "the message"]


def lost_for_another(database: SqliteDatabase) -> None:
    """Lose what is held back, and decide something else in its place."""
    fail_together(database)
    elsewhere(lambda: decide(database, "e2", "another"))


def test_outside_the_pool_what_only_looks_is_not_handed_out_where_the_disk_is_full(
    database: SqliteDatabase, disk: Disk, message: Received
) -> None:
    """What waited for the disk was lost instead."""
    decide(database, "e1", "a look", looks=True)
    disk.full = {"COMMIT": 1}

    assert not database.queues.receive(EFFECTS, most=1, visibility=MINUTE, wait=NOW)


def test_who_looks_for_what_was_lost_sees_nothing_that_another_decides(
    database: SqliteDatabase, message: Received
) -> None:
    """The open transaction is no longer the one that asked for it."""
    look(database, message)
    fail_together(database)

    def decide_for_another() -> None:
        database.queues.send("slipway-other", "another message")
        database.queues.receive_any({"slipway-other": 1}, visibility=MINUTE)
        decide(database, "e2")

    elsewhere(decide_for_another)

    with pytest.raises(StoreUnavailable):
        database.store.read(SERVICE, exact=False)
