"""What a drill takes for a torn write, and for a database that holds half a decision."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.codec.envelope import encode_effect
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import Build
from tests.support.app_parts import DELIVERY, make_app
from tests.support.outside import Outside
from tests.workshop.drill.wal import DAMAGES, copy_still, first_change, put_in_place, read_log
from tests.workshop.drill.whole import content_of, problems_of


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """A database with a release in it, in use."""
    harness = make_app("sqlite", tmp_path, Outside())
    harness.start()
    harness.release_to("1.0.0")
    [found] = tmp_path.rglob("*.db")
    yield found
    harness.database.close()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_torn_log_opens_as_of_its_last_whole_commit(file: Path, tmp_path: Path, damage: str) -> None:
    """Wherever it was torn."""
    chance = random.Random(damage)
    log = copy_still(file, copy := tmp_path / "copy.db")
    assert len(log.open) > 1
    for _ in range(10):
        damaged = DAMAGES[damage](log.content, chance.randrange(log.open[0][0], log.open[-1][1]), chance)
        whole = log.whole_before(first_change(log.content, damaged))
        torn, wanted = tmp_path / "torn.db", tmp_path / "wanted.db"
        put_in_place(copy, damaged, torn)
        put_in_place(copy, log.content[:whole], wanted)

        assert problems_of(torn) == problems_of(wanted) == []
        assert content_of(torn) == content_of(wanted)


def test_what_a_checkpoint_has_moved_cannot_be_torn(file: Path) -> None:
    """Cutting it would be a state that no crash leaves."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

        assert read_log(file).open == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM ledger WHERE sequence = (SELECT max(sequence) FROM ledger)", "the head is at"),
        ("UPDATE service SET sequence = sequence - 1", "the head is at"),
        ("DELETE FROM service WHERE name <> 'estate'", "have no head"),
        ("DELETE FROM seen WHERE sequence = 1", "events are marked"),
        ("UPDATE ledger SET body = x'7b7d' WHERE sequence = 2", "has other content"),
        (
            "INSERT INTO message SELECT id, '1~outbox~00000000000000000001~07', 'q', {body}, 0, 0, 0, NULL, NULL FROM service WHERE sequence > 0",
            "which did not ask for it",
        ),
    ],
)
def test_half_a_decision_is_noticed(file: Path, tmp_path: Path, statement: str, said: str) -> None:
    """One row too few, too many, or of another decision."""
    copy_still(file, copy := tmp_path / "copy.db")
    effect = Build(service=DELIVERY, number=7, attempt=1)
    body = f"'{encode_effect(effect, Delivery(correlation='c'), at=datetime(2026, 3, 2, 12, tzinfo=UTC))}'"
    with contextlib.closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute(statement.replace("{body}", body))

    assert any(said in problem for problem in problems_of(copy)), problems_of(copy)
