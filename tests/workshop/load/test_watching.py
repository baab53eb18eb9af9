"""What is seen of a host from outside."""

from __future__ import annotations

from pathlib import Path

from shared.domain.messages.queues import EVENTS_QUEUE
from tests.support.app_parts import make_app
from tests.support.in_poison import ASK, poisoned
from tests.workshop.load.watching import POISON, queues


def test_messages_are_counted_by_queue_and_so_are_those_in_poison(tmp_path: Path) -> None:
    """Nobody who was settled, or waits elsewhere, is among the latter."""
    slipway = make_app("sqlite", tmp_path)
    before = queues(tmp_path / "slipway.db")
    slipway.send(ASK)
    poisoned(slipway)

    after = queues(tmp_path / "slipway.db")

    assert (before, after) == ({POISON: 0}, {EVENTS_QUEUE: 1, POISON: 1})
    slipway.database.close()
