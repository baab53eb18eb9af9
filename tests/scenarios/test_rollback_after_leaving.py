"""What leaves the configuration while it is deployed is rolled back all the same."""

from __future__ import annotations

import pytest

from shared.domain.messages import effects as ef
from shared.domain.state.phases import Phase
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_looks import all_but
from tests.support.app_parts import Harness
from tests.support.outside import MAIN, SLIPWAY_YAML

WITHOUT_DELIVERY = SLIPWAY_YAML[: SLIPWAY_YAML.index("  delivery:")] + SLIPWAY_YAML[SLIPWAY_YAML.index("  package:") :]
WITHOUT_PRODUCTION = (
    SLIPWAY_YAML[: SLIPWAY_YAML.index("  production:")] + SLIPWAY_YAML[SLIPWAY_YAML.index("queueing:") :]
)


@pytest.mark.parametrize("text", [WITHOUT_PRODUCTION, WITHOUT_DELIVERY], ids=["environment", "service"])
def test_a_rollout_that_fails_after_its_place_left_the_configuration_is_rolled_back(
    slipway: Harness, text: str
) -> None:
    """By the policy of what it undoes: nothing of the policy in force is needed for it."""
    slipway.release_to("1.0.0")
    slipway.outside.environments.health["delivery", "production", "1.1.0"] = RolloutState.DEGRADED
    slipway.release_to("1.1.0", approve=False)
    slipway.answer()
    slipway.pump(*all_but(ef.ObserveRollout.kind))
    verifying = slipway.promotion("1.1.0", "production").phase
    slipway.push(MAIN, {"slipway.yaml": text.encode()})
    slipway.pump(*all_but(ef.ObserveRollout.kind))

    slipway.pump()

    assert verifying is Phase.VERIFYING
    assert slipway.promotion("1.1.0", "production").phase is Phase.ROLLED_BACK
    assert (slipway.live("production"), slipway.running("production").version) == ("1.0.0", "1.0.0")
