"""Anchors that were touched, that nobody can read, that two write at once, or that are not written any more."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from shared.app.operating.anchor import anchor
from shared.app.views.health import AnchorsView, health
from shared.app.views.ledger import verify_ledger
from shared.codec import anchor as codec
from shared.codec.anchor import decode_anchor, encode_anchor
from shared.codec.errors import UnreadableRecord
from shared.domain.state.anchor import Anchor
from shared.domain.values.records import replace
from shared.ports.anchors import AnchorTaken
from tests.contracts.memory.anchors import MemoryAnchors
from tests.support.app_parts import DELIVERY, Harness
from tests.support.clock import NOON

DAY = timedelta(days=1)


class TouchedAnchors(MemoryAnchors):
    """A place where somebody has found a way to change what is kept."""

    def touch(self, day: int, change: Callable[[bytes], bytes | None]) -> None:
        """Change the n-th newest anchor, or take it away."""
        name = self.newest(most=day + 1)[day]
        content = change(self._kept.pop(name))
        if content is not None:
            self._kept[name] = content


@pytest.fixture
def anchors() -> TouchedAnchors:
    """Where anchors are kept."""
    return TouchedAnchors()


@pytest.fixture
def anchored(slipway: Harness, anchors: TouchedAnchors) -> Harness:
    """An application with a release and three days of anchors."""
    slipway.wrap(anchors=anchors)
    slipway.release_to("1.0.0")
    for _ in range(3):
        anchor(slipway.app)
        slipway.outside.clock.advance(DAY)
    return slipway


def fault(slipway: Harness) -> str:
    """What the check of an untouched ledger says."""
    return verify_ledger(slipway.app, DELIVERY).fault


def shown(slipway: Harness) -> AnchorsView:
    """What health says of anchors."""
    found = health(slipway.app).anchors
    assert found is not None
    return found


def without_heads(content: bytes) -> bytes:
    """An anchor that names no ledger any more."""
    return encode_anchor(replace(decode_anchor(content), heads=()))


def test_an_anchor_that_was_changed_is_not_the_one_that_the_next_names(
    anchored: Harness, anchors: TouchedAnchors
) -> None:
    """Whoever changes one has to change all that follow."""
    anchors.touch(1, without_heads)

    assert fault(anchored) == "anchor 2026-11-24.json.gz is not the one that anchor 2026-11-25.json.gz names"


def test_an_anchor_that_was_taken_away_is_missed(anchored: Harness, anchors: TouchedAnchors) -> None:
    """The next one names it."""
    anchors.touch(1, lambda _: None)

    assert fault(anchored) == "anchor 2026-11-23.json.gz is not the one that anchor 2026-11-25.json.gz names"


UNREADABLE = {
    "empty": b"",
    "plain": b"plain",
    "cut short": encode_anchor(Anchor(name="x", at=NOON))[:-9],
    "no record": gzip.compress(b"{}"),
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_an_anchor_that_nobody_can_read_proves_nothing(
    anchored: Harness, anchors: TouchedAnchors, content: bytes
) -> None:
    """The check says so, the days go on, and health tells of it."""
    anchors.touch(0, lambda _: content)
    found = fault(anchored)

    anchor(anchored.app)

    assert found.startswith("anchor 2026-11-25.json.gz cannot be read")
    assert anchors.newest(most=1) == ["2026-11-26.json.gz"]
    assert shown(anchored).newest == "2026-11-26"
    assert shown(anchored).faults[0].startswith("anchor 2026-11-25.json.gz cannot be read")


def test_an_anchor_of_a_newer_slipway_is_waited_for(anchored: Harness, anchors: TouchedAnchors) -> None:
    """An upgraded worker reads it an hour later."""

    def newer(content: bytes) -> bytes:
        return gzip.compress(json.dumps({**json.loads(gzip.decompress(content)), "schema": 99}).encode())

    anchors.touch(0, newer)

    with pytest.raises(UnreadableRecord, match="upgrade this worker"):
        anchor(anchored.app)
    assert len(anchors.newest(most=9)) == 3


def test_of_two_who_anchor_a_day_the_first_counts(anchored: Harness, anchors: TouchedAnchors) -> None:
    """The other leaves it as it is."""

    class Slow:
        def newest(self, *, most: int, up_to: str = "") -> Sequence[str]:
            found = anchors.newest(most=most)
            anchor(replace(anchored.app, anchors=anchors))
            return found

        def put(self, name: str, content: bytes) -> None:
            anchors.put(name, content)

        def get(self, name: str) -> bytes:
            return anchors.get(name)

    anchored.wrap(anchors=Slow())

    anchor(anchored.app)

    with pytest.raises(AnchorTaken):
        anchors.put("2026-11-26.json.gz", b"another")
    assert shown(anchored).newest == "2026-11-26"


def test_an_anchor_that_was_written_by_a_worker_that_died_is_shown_an_hour_later(
    anchored: Harness, anchors: TouchedAnchors
) -> None:
    """It is not written anew."""
    before = anchored.app.rows.get(codec.PARTITION, codec.ROW)
    assert before is not None
    anchor(anchored.app)
    anchored.app.rows.overwrite(codec.PARTITION, codec.ROW, before.value)

    anchor(anchored.app)

    assert shown(anchored).newest == "2026-11-26"


def test_a_clock_that_was_set_back_anchors_nothing(anchored: Harness, anchors: TouchedAnchors) -> None:
    """That day has its anchor."""
    anchored.outside.clock.set(-2 * DAY)

    anchor(anchored.app)

    assert anchors.newest(most=1) == ["2026-11-25.json.gz"]


def test_where_nothing_can_be_anchored_nothing_is(slipway: Harness) -> None:
    """Health has nothing to say of it."""
    anchor(slipway.app)

    assert health(slipway.app).anchors is None


def test_before_the_first_anchor_there_is_none_to_miss(slipway: Harness, anchors: TouchedAnchors) -> None:
    """An installation of today is well."""
    slipway.wrap(anchors=anchors)

    assert health(slipway.app).status == "ok"
    assert shown(slipway) == AnchorsView(newest="", faults=())


def test_days_without_an_anchor_are_told(anchored: Harness) -> None:
    """Somebody has stopped the timer, or nobody may write there any more."""
    anchored.outside.clock.advance(2 * DAY)

    assert health(anchored.app).status == "degraded"
    assert shown(anchored).faults == ("no ledger was anchored since 2026-11-25; look at the timer `anchor`",)
