"""Anchors of days that have not come: by a clock that was wrong once, or by whoever writes where they are kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.app.operating.anchor import anchor
from shared.app.views.health import AnchorsView, health
from shared.app.views.ledger import verify_ledger
from shared.codec.anchor import decode_anchor, digest, encode_anchor
from shared.domain.values.records import replace
from tests.contracts.memory.anchors import MemoryAnchors
from tests.support.app_parts import DELIVERY, Harness
from tests.support.log_lines import log_lines

DAY = timedelta(days=1)
FAR = "2099-12-05.json.gz"


@pytest.fixture
def anchors() -> MemoryAnchors:
    """Where anchors are kept."""
    return MemoryAnchors()


@pytest.fixture
def anchored(slipway: Harness, anchors: MemoryAnchors) -> Harness:
    """An application with a release and an anchor."""
    slipway.wrap(anchors=anchors)
    slipway.release_to("1.0.0")
    anchor(slipway.app)
    return slipway


def shown(slipway: Harness) -> AnchorsView:
    """What health says of anchors."""
    found = health(slipway.app).anchors
    assert found is not None
    return found


def put_far(anchors: MemoryAnchors, *, name: str = FAR) -> None:
    """Put one of a far day that names the newest one, as a true one would."""
    [newest] = anchors.newest(most=1)
    content = anchors.get(newest)
    anchors.put(name, encode_anchor(replace(decode_anchor(content), previous=newest, previous_sha256=digest(content))))


@pytest.mark.parametrize("name", [FAR, "zzz"])
def test_attack_an_anchor_of_a_far_day_ends_anchoring(anchored: Harness, anchors: MemoryAnchors, name: str) -> None:
    """The days go on, each anchor names the one before, and a ledger that is as it was is intact."""
    put_far(anchors, name=name)
    for _ in range(3):
        anchored.outside.clock.advance(DAY)
        anchor(anchored.app)

    newest = anchors.newest(most=9)
    found = verify_ledger(anchored.app, DELIVERY)
    assert len(newest) == 5
    assert decode_anchor(anchors.get(newest[1])).previous == newest[2]
    assert (found.fault, found.anchors_compared) == ("", 4)


def test_an_anchor_of_a_far_day_is_told_of_for_as_long_as_it_lies_there(
    anchored: Harness, anchors: MemoryAnchors
) -> None:
    """In the log and in health, in the hour that it is seen and after every day's anchor."""
    put_far(anchors)
    with log_lines() as lines:
        anchor(anchored.app)
    at_once = shown(anchored)
    anchored.outside.clock.advance(40 * DAY)
    anchor(anchored.app)

    says = f"anchor {FAR} is of a day that has not come and counts for nothing"
    assert [line["anchor"] for line in lines if line["event"] == "anchors.ahead"] == [FAR]
    assert says in at_once.faults[0]
    assert any(says in fault for fault in shown(anchored).faults)
    assert health(anchored.app).status == "degraded"


def test_an_anchor_of_tomorrow_is_one_of_a_clock_that_goes_fast(anchored: Harness, anchors: MemoryAnchors) -> None:
    """Nothing is told of it, and the day after it the days go on."""
    put_far(anchors, name="2026-11-24.json.gz")
    anchor(anchored.app)
    faults = shown(anchored).faults
    anchored.outside.clock.advance(2 * DAY)
    anchor(anchored.app)

    assert faults == ()
    assert anchors.newest(most=1) == ["2026-11-25.json.gz"]


def test_an_anchor_that_says_it_was_written_in_the_future_is_told_of(anchored: Harness, anchors: MemoryAnchors) -> None:
    """Whatever day it has for a name, so that nobody is told all is well by a clock that is ahead."""
    anchored.outside.clock.advance(DAY)
    [newest] = anchors.newest(most=1)
    ahead = replace(decode_anchor(anchors.get(newest)), at=anchored.app.now() + 400 * DAY)
    anchors.put("2026-11-24.json.gz", encode_anchor(ahead))
    anchor(anchored.app)

    assert any("which has not come; look at the clock" in fault for fault in shown(anchored).faults)
