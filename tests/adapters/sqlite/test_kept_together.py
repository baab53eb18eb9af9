"""What a thread of the worker pool does for a message is on disk together with the message's acknowledgement, or not at all."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.sqlite import SqliteDatabase, flusher
from shared.adapters.sqlite.submission import Transaction
from shared.ports.queues import Received
from shared.ports.store import OutboxRow, StoreUnavailable
from tests.support.clock import Clock
from tests.support.stores import MINUTE, SERVICE, a_message, a_write, always

QUEUE, EFFECTS = "slipway-events", "slipway-deploy"
AT_ONCE, SOON = {QUEUE: 9, EFFECTS: 9}, timedelta(seconds=1)
LOOK = [a_message("a look", looks=True)]


@pytest.fixture
def clock() -> Clock:
    """The time on the wall, and the time that runs."""
    return Clock()


@pytest.fixture
def database(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteDatabase]:
    """A host's database on which nothing is flushed for the reason alone that it has lain a moment."""
    monkeypatch.setattr(flusher, "_SECONDS", 3600.0)
    found = SqliteDatabase(tmp_path / "slipway.db", clock, elapsed=clock.elapsed)
    found.recover()
    yield found
    found.close()


@pytest.fixture
def message(database: SqliteDatabase) -> Received:
    """A message that this thread has taken, and works for from now on."""
    database.queues.send(QUEUE, "the message")
    return taken(database)


def taken(database: SqliteDatabase) -> Received:
    """Take the next message as a thread of the worker pool does."""
    found = database.queues.receive_any(AT_ONCE, visibility=MINUTE)
    assert found is not None
    return found


def kept(folder: Path) -> tuple[int, list[str]]:
    """What a crash at this moment would leave: how many decisions, and which messages."""
    with closing(sqlite3.connect(folder / "slipway.db")) as connection:
        [decisions] = connection.execute("SELECT count(*) FROM ledger").fetchone()
        return decisions, [body for (body,) in connection.execute("SELECT body FROM message ORDER BY body")]


def elsewhere(work: Callable[[], object]) -> list[BaseException]:
    """Do something in a thread that works for no message, and return what it raised."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return errors


def fail_together(database: SqliteDatabase) -> None:
    """Let another's work in the same transaction fail after it wrote, so that all of it is rolled back."""

    def bad(transaction: Transaction) -> None:
        transaction.execute("INSERT INTO record VALUES ('p', 'k', x'00', '')")
        raise LookupError("too late")

    [error] = elsewhere(lambda: database.store._writer.submit(bad))
    assert isinstance(error, LookupError)


def decide(database: SqliteDatabase, event: str, *effects: str) -> tuple[OutboxRow, ...]:
    """Commit a decision with effects, and return their rows."""
    outbox = [a_message(body) for body in effects]
    return database.store.transact(SERVICE, event, always(a_write(outbox=outbox))).outbox


def test_a_decision_and_its_message_reach_the_disk_as_one(
    database: SqliteDatabase, tmp_path: Path, message: Received
) -> None:
    """Nobody waits for the disk in between; whoever does wait brings all of it there."""
    decide(database, "e1", "an effect")
    database.queues.delete(message)
    assert kept(tmp_path) == (0, ["the message"])

    elsewhere(lambda: database.rows.put("p", "k", b"x", etag=None))

    assert kept(tmp_path) == (1, ["an effect"])


def test_a_decision_that_no_message_led_to_is_on_disk_when_it_is_answered(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    """A person's click, the tick: nobody would bring it again."""
    decide(database, "e1", "an effect")

    assert kept(tmp_path) == (1, ["an effect"])


def test_an_effect_is_handed_out_only_when_its_decision_is_on_disk(
    database: SqliteDatabase, tmp_path: Path, message: Received
) -> None:
    """Whoever finds nothing else to do brings it there, and takes what that leads to."""
    decide(database, "e1", "an effect")
    database.queues.delete(message)

    assert taken(database).body == "an effect"
    assert kept(tmp_path) == (1, ["an effect"])


def look(database: SqliteDatabase, message: Received) -> tuple[Received, OutboxRow]:
    """Let a message lead to an effect that only looks, and take that one before anything is on disk."""
    [row] = database.store.transact(SERVICE, "e1", always(a_write(outbox=LOOK))).outbox
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

    elsewhere(lambda: database.rows.put("p", "k", b"x", etag=None))

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
    elsewhere(lambda: database.store.transact(SERVICE, "e2", always(a_write(outbox=[a_message("another")]))))

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
    database.store.transact(SERVICE, "e1", always(a_write(outbox=LOOK)))
    fail_together(database)
    database.queues.delete(message)
    clock.advance(SOON)

    assert database.queues.receive_any({EFFECTS: 1}, visibility=MINUTE) is None
    assert taken(database).body == "the message"


def test_outside_the_pool_what_only_looks_waits_for_the_disk(
    database: SqliteDatabase, tmp_path: Path, message: Received
) -> None:
    """Such a thread's work is not lost together with the decision."""
    database.store.transact(SERVICE, "e1", always(a_write(outbox=LOOK)))

    [found] = database.queues.receive(EFFECTS, most=1, visibility=MINUTE, wait=timedelta(0))

    assert (found.body, kept(tmp_path)[0]) == ("a look", 1)


def test_who_reads_finds_what_the_message_led_to(database: SqliteDatabase, tmp_path: Path, message: Received) -> None:
    """It is on disk by then: nothing is told of a decision that may yet be lost."""
    decide(database, "e1")

    assert [row.sequence for row in database.store.ledger(SERVICE, after=0, most=9)] == [1]
    assert kept(tmp_path) == (1, ["the message"])


def test_what_was_lost_comes_again_with_its_message(
    database: SqliteDatabase, tmp_path: Path, clock: Clock, message: Received
) -> None:
    """Neither the decision nor the acknowledgement is kept; the message is seen again soon, and its work done anew."""
    decide(database, "e1", "an effect")
    database.queues.delete(message)
    fail_together(database)
    assert kept(tmp_path) == (0, ["the message"])
    clock.advance(SOON)

    again = taken(database)
    decide(database, "e1", "an effect")
    database.queues.delete(again)

    assert (again.body, again.attempts) == ("the message", 2)
    assert taken(database).body == "an effect"
    assert kept(tmp_path) == (1, ["an effect"])


def test_a_message_whose_work_was_lost_is_not_acknowledged(
    database: SqliteDatabase, tmp_path: Path, clock: Clock, message: Received
) -> None:
    """Also where it was lost before the function had ended."""
    decide(database, "e1")
    fail_together(database)
    database.queues.delete(message)
    clock.advance(SOON)

    assert taken(database).body == "the message"
    assert kept(tmp_path) == (0, ["the message"])


def test_nothing_more_is_written_for_a_message_whose_work_was_lost(
    database: SqliteDatabase, tmp_path: Path, message: Received
) -> None:
    """Else it would be marked as done what was not, as a branch's tip is when its services have been told."""
    decide(database, "e1")
    fail_together(database)

    with pytest.raises(StoreUnavailable, match="was written together with it in"):
        database.rows.put("p", "told", b"x", etag=None)
    with pytest.raises(StoreUnavailable):
        database.store.read(SERVICE)

    assert database.queues.receive_any({}, visibility=MINUTE) is None  # the thread works for nothing now
    assert database.rows.get("p", "told") is None


def test_an_effect_whose_report_was_lost_is_performed_again(
    database: SqliteDatabase, tmp_path: Path, clock: Clock
) -> None:
    """The report had taken it out of the outbox, together with the message."""
    [row] = decide(database, "e1", "an effect")
    effect = taken(database)
    database.store.transact(SERVICE, "e2", always(a_write(done=frozenset({row.key}))))
    database.queues.delete(effect)
    fail_together(database)
    clock.advance(SOON)

    assert taken(database).body == "an effect"
    assert kept(tmp_path) == (1, ["an effect"])


@pytest.mark.parametrize("lost", [False, True])
def test_an_effect_that_was_put_off_is_there_once(
    database: SqliteDatabase, tmp_path: Path, clock: Clock, lost: bool
) -> None:
    """With its new body after the delay; with the old one, soon, where that was lost."""
    [row] = decide(database, "e1", "first look")
    effect = taken(database)
    database.queues.put_off(SERVICE, OutboxRow(key=row.key, message=a_message("second look")), delay=SOON)
    database.queues.delete(effect)
    if lost:
        fail_together(database)
    else:
        elsewhere(lambda: database.rows.put("p", "k", b"x", etag=None))
    clock.advance(SOON)

    assert taken(database).body == ("first look" if lost else "second look")
    assert kept(tmp_path) == (1, ["first look" if lost else "second look"])


def test_no_more_than_a_group_is_held_back(database: SqliteDatabase, tmp_path: Path, message: Received) -> None:
    """However much there is to do, what is done gets to the disk meanwhile."""
    for number in range(100):
        decide(database, f"e{number}")

    decisions, _ = kept(tmp_path)
    assert decisions == 64
