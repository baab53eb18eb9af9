"""The largest rows that people's ways bring about: Azure Tables holds 64 KiB in a value, and ours stay below 48."""

from __future__ import annotations

from datetime import timedelta

from shared.app.operating.operate import operate
from shared.domain.messages import events as ev
from shared.domain.state.phases import PromotionKind
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_parts import DELIVERY, Harness
from tests.support.outside import RITA

MOST = 48 * 1024
ENVIRONMENTS = ("qa", "production")


def largest(slipway: Harness) -> int:
    """Return the length of the service's largest row."""
    loaded = slipway.app.store.read(str(DELIVERY))
    ended = slipway.app.store.range(str(DELIVERY), "2~", "4~", most=1000)
    return max(len(value) for value in (*loaded.rows.values(), *(value for _, value in ended)))


def test_a_version_that_is_deployed_again_and_again_takes_no_more_room(slipway: Harness) -> None:
    """Each night in both environments, and now and then it fails."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.1.0")
    for night in range(20):
        failing = RolloutState.DEGRADED if night % 7 == 6 else RolloutState.HEALTHY
        for environment in ENVIRONMENTS:
            slipway.outside.environments.health["delivery", environment, "1.1.0"] = failing
            asked = ev.RedeployRequested(
                id=f"{environment}-{night}", service=DELIVERY, environment=environment, version="", person=RITA
            )
            operate(slipway.app, asked)
            slipway.pump()
        slipway.outside.clock.advance(timedelta(days=1))
        assert largest(slipway) < MOST

    kinds = [one.kind for one in slipway.release("1.1.0").promotions]
    assert {PromotionKind.FORWARD, PromotionKind.REDEPLOY} == set(kinds)
