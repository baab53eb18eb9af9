"""Branches that were deleted: the tick reads them once more, and their changes go on being counted."""

from __future__ import annotations

from shared.app.hook_events.inspect_push import set_aside
from shared.app.sweep import sweep
from shared.codec.repository import TIP, TIPS, gone_row, tip_row
from shared.domain.state.repository import Tip
from shared.ports.rows import Row
from tests.support.app_parts import Harness
from tests.support.outside import MAIN, SHIPPING

FEATURE = "refs/heads/feature/delivery/x"
CODE = "src/shipping/delivery/x"


def gone(slipway: Harness) -> Row:
    """Push the branch and delete it; return the row of its last tip."""
    slipway.push(FEATURE, {CODE: b"1"})
    slipway.pump()
    slipway.outside.delete(FEATURE)
    slipway.tick()
    row = slipway.app.rows.get(SHIPPING, tip_row(FEATURE))
    assert row is not None
    return row


def kept(slipway: Harness) -> int:
    """The number of the change that is kept of the branch."""
    row = slipway.app.rows.get(SHIPPING, gone_row(FEATURE))
    assert row is not None
    return TIPS.decode(row.value).number


def test_the_tick_reads_branches_that_there_are(slipway: Harness) -> None:
    """However many there were: a release branch is deleted when its time is over."""
    gone(slipway)
    sweep(slipway.app)

    assert [row.key for row in slipway.app.rows.list(SHIPPING, prefix=TIP)] == [tip_row(MAIN)]


def test_a_branch_that_comes_back_goes_on_with_its_numbers(slipway: Harness) -> None:
    """Otherwise its first change would be taken for one that was told before."""
    gone(slipway)
    sweep(slipway.app)
    slipway.push(FEATURE, {CODE: b"2"})
    slipway.pump()

    told = [one.event_id for one in slipway.timeline() if one.event_type == "change-found"]
    assert told[1:] == [f"shipping:{FEATURE}:{number}:delivery" for number in (1, 3)]
    slipway.outside.delete(FEATURE)
    slipway.tick()
    sweep(slipway.app)
    assert kept(slipway) == 4


def test_a_slow_worker_sets_nothing_aside_that_is_later(slipway: Harness) -> None:
    """What it read is not what lies there any more."""
    row = gone(slipway)
    sweep(slipway.app)
    later = Tip(commit=None, number=9, previous=None, sent=True)
    slipway.app.rows.overwrite(SHIPPING, gone_row(FEATURE), TIPS.encode(later))

    set_aside(slipway.app, SHIPPING, FEATURE, row)

    assert kept(slipway) == 9


def test_what_was_set_aside_by_halves_is_set_aside_again(slipway: Harness) -> None:
    """The copy was written, and its writer died."""
    row = gone(slipway)
    slipway.app.rows.overwrite(SHIPPING, gone_row(FEATURE), row.value)
    sweep(slipway.app)

    assert slipway.app.rows.get(SHIPPING, tip_row(FEATURE)) is None
    assert kept(slipway) == TIPS.decode(row.value).number
