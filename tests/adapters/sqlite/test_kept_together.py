"""What a thread of the worker pool does for a message is on disk together with the message's acknowledgement, or not at all."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.sqlite import SqliteDatabase
from shared.ports.queues import Received
from shared.ports.store import OutboxRow, StoreUnavailable
from tests.support.clock import Clock
from tests.support.held_back import Disk, decide, fail_together, flush, kept, taken
from tests.support.stores import MINUTE, SERVICE, a_message, a_write, always

SOON = timedelta(seconds=1)


def test_a_decision_and_its_message_reach_the_disk_as_one(
    database: SqliteDatabase, tmp_path: Path, message: Received
) -> None:
    """Nobody waits for the disk in between; whoever does wait brings all of it there."""
    decide(database, "e1", "an effect")
    database.queues.delete(message)
    assert kept(tmp_path) == (0, ["the message"])

    flush(database)

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
        flush(database)
    clock.advance(SOON)

    assert taken(database).body == ("first look" if lost else "second look")
    assert kept(tmp_path) == (1, ["first look" if lost else "second look"])


def test_no_more_than_a_group_is_held_back(database: SqliteDatabase, tmp_path: Path, message: Received) -> None:
    """However much there is to do, what is done gets to the disk meanwhile."""
    for number in range(100):
        decide(database, f"e{number}")

    decisions, _ = kept(tmp_path)
    assert decisions == 64


def test_what_could_not_even_be_rolled_back_is_lost(
    opened: tuple[SqliteDatabase, Disk], tmp_path: Path, clock: Clock, message: Received
) -> None:
    """Its message is there still, and whoever comes next is not kept waiting."""
    database, disk = opened
    decide(database, "e1", "an effect")
    disk.full = {"COMMIT": 1, "ROLLBACK": 1}
    flush(database)
    database.queues.delete(message)
    clock.advance(SOON)

    flush(database)

    assert taken(database).body == "the message"
    assert kept(tmp_path) == (0, ["the message"])
