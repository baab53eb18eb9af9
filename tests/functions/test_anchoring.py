"""What the API says of anchors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.app.operating.anchor import anchor
from tests.contracts.memory.anchors import MemoryAnchors
from tests.support.app_parts import Harness
from tests.support.doors import Doors, serving
from tests.support.host import Running


@pytest.fixture
def anchored(slipway: Harness, host: Running) -> Iterator[Doors]:
    """The doors of an application with a place for anchors, with a hold in the holds' ledger."""
    slipway.wrap(anchors=MemoryAnchors())
    with serving(slipway, host) as doors:
        doors.post("/api/holds", {"scope": "everything", "reason": "audit"})
        yield doors


@pytest.mark.parametrize("ledger", ["services/delivery", "estate"])
def test_a_check_says_up_to_where_and_with_how_many_anchors_it_compared(anchored: Doors, ledger: str) -> None:
    """Before the first day's there is none."""
    before = anchored.get(f"/api/{ledger}/ledger/verify").json()
    anchor(anchored.slipway.app)

    after = anchored.get(f"/api/{ledger}/ledger/verify").json()

    assert (before["anchored"], before["anchors_compared"]) == (0, 0)
    assert (after["anchored"], after["anchors_compared"]) == (after["entries"], 1)
    assert after["intact"]
    assert after["entries"] > 0


def test_health_says_how_old_the_newest_anchor_is(anchored: Doors) -> None:
    """To anybody, as the rest of it."""
    before = anchored.get("/api/health").json()
    anchor(anchored.slipway.app)

    after = anchored.get("/api/health").json()

    assert before["anchors"] == {"newest": "", "faults": []}
    assert after["anchors"] == {"newest": f"{anchored.slipway.outside.clock():%Y-%m-%d}", "faults": []}
    assert after["status"] == "ok"
