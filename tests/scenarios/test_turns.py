"""A promotion that waited long has its turn late: its number says when it was made, not when it may write."""

from __future__ import annotations

from tests.support.app_parts import Harness


def test_a_version_that_waited_while_a_hotfix_went_live_is_deployed_when_it_is_approved(slipway: Harness) -> None:
    """A waiting approval blocks nobody, and nobody who passed it blocks it."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.2.0", approve=False)
    waiting = slipway.promotion("1.2.0", "production").number
    slipway.release_to("1.0.1", approve=False)
    slipway.answer(request=slipway.promotion("1.0.1", "production").approval.id)  # type: ignore[union-attr]
    slipway.pump()
    passed = slipway.live("production")

    slipway.answer(request=slipway.promotion("1.2.0", "production").approval.id)  # type: ignore[union-attr]
    slipway.pump()

    assert passed == "1.0.1"
    assert waiting < slipway.promotion("1.0.1", "production").number
    assert slipway.release("1.2.0").phase == "Released"
    assert slipway.running("production").version == "1.2.0"
