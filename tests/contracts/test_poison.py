"""Messages in poison on every store: one record for each, in order, settled once, beside an intact ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from shared.app.operating.operate import ESTATE
from shared.app.operating.poison import open_poison, poison
from shared.app.views.ledger import verify_ledger
from shared.domain.state.poison import Settling
from shared.domain.values.errors import Refused
from tests.contracts.memory.queues import MemoryQueues
from tests.contracts.memory.table import Table
from tests.support.app_parts import Harness
from tests.support.in_poison import ASK, PUSH, poisoned, settled, written
from tests.support.outside import Outside
from tests.support.stores import ALL, opened
from tests.support.wiring import wire


@pytest.fixture(params=ALL)
def slipway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    """The application on each kind of store, with queues in memory."""
    with opened(request.param, tmp_path) as found:
        queues = MemoryQueues(Table(), elapsed=found.clock.elapsed)
        database = SimpleNamespace(store=found.store, rows=found.rows, evidence=found.evidence, queues=queues)
        outside = Outside()
        yield Harness(wire(database, outside, tmp_path), database, outside)


def test_each_message_is_one_record_the_newest_first(slipway: Harness) -> None:
    """However often it is delivered, whatever it is."""
    bodies = (written(PUSH), b"\xff\x00", b"x" * 70_000)
    for _ in range(2):
        for number, body in enumerate(bodies):
            poisoned(slipway, body, delivery=f"m-{number}")

    found = open_poison(slipway.app, most=9)

    assert [one.number for one in found] == [3, 2, 1]
    assert [slipway.app.evidence.get(one.sha256) for one in found] == [*bodies[::-1]]
    assert open_poison(slipway.app, after=2, most=9) == found[2:]
    assert open_poison(slipway.app, most=2) == found[:2]


def test_a_message_is_settled_once(slipway: Harness) -> None:
    """It is no longer among the open ones; who did it stays, and all of it is in the ledger."""
    for number in range(3):
        poisoned(slipway, written(ASK), delivery=f"m-{number}")
    first = settled(slipway, 2, key="k")

    again = settled(slipway, 2, key="k")
    with pytest.raises(Refused):
        settled(slipway, 2, Settling.DISMISSED)

    assert (first, poison(slipway.app, 2)) == (again, first)
    assert [one.number for one in open_poison(slipway.app, most=9)] == [3, 1]
    assert slipway.waiting("events") == 1
    assert verify_ledger(slipway.app, ESTATE).intact
    assert [one.event_type for one in slipway.timeline(ESTATE)] == [*["message-poisoned"] * 3, "poison-requeued"]


def test_open_ones_are_not_among_what_decisions_read(slipway: Harness) -> None:
    """Each decision of each service reads the estate's holds."""
    before = dict(slipway.app.store.read(ESTATE).rows)

    poisoned(slipway)

    assert slipway.app.store.read(ESTATE).rows == before
