"""Taking out a first deployment that failed, told late: something newer may be there by then."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shared.domain.messages.effects import Remove
from shared.ports.errors import Permanent
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_looks import all_but, do, open_effects, the
from tests.support.app_parts import Harness, make_app
from tests.support.outside import SLIPWAY_YAML, Outside

REMOVING = SLIPWAY_YAML.replace("namespace: backend-qa", "namespace: backend-qa\n    on_first_failure: uninstall")


@pytest.fixture
def slipway(tmp_path: Path) -> Harness:
    """An application whose QA is cleared after a first deployment that failed."""
    return make_app("memory", tmp_path, Outside(slipway_yaml=REMOVING)).start()


def failed(slipway: Harness, version: str) -> Remove:
    """Fail in QA for the first time; the removal is asked for and done."""
    slipway.outside.environments.health["delivery", "qa", version] = RolloutState.DEGRADED
    slipway.push_release(version)
    slipway.pump(*all_but("observe-rollout"))
    slipway.pump("observe-rollout")
    effect = the(slipway, Remove)
    slipway.pump()
    return effect


def test_a_late_removal_leaves_a_newer_version_alone(slipway: Harness) -> None:
    """What is live came after the failure, and is not what was to be taken out."""
    effect = failed(slipway, "1.0.0")
    slipway.release_to("1.0.1", approve=False)

    do(slipway, effect)

    assert slipway.live("qa") == "1.0.1"
    assert slipway.running("qa").version == "1.0.1"


def test_a_removal_that_a_newer_one_has_overtaken_writes_nothing(slipway: Harness) -> None:
    """The applier's fence tells it, and nobody waits for its report."""
    effect = failed(slipway, "1.0.0")
    failed(slipway, "1.0.1")
    written = len(slipway.outside.environments.applied["qa/delivery"])

    do(slipway, effect)

    assert len(slipway.outside.environments.applied["qa/delivery"]) == written
    assert slipway.waiting() == 0


def test_a_removal_that_cannot_be_done_is_tried_again_five_minutes_later(slipway: Harness) -> None:
    """Nobody waits for it, and what failed must not stay."""
    slipway.outside.environments.health["delivery", "qa", "1.0.0"] = RolloutState.DEGRADED
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("deploy"))
    slipway.pump(*all_but("observe-rollout"))
    slipway.pump(*all_but("deploy"))
    effect = the(slipway, Remove)
    slipway.outside.troubles.add("applier.write", Permanent("not let in", ours=True))
    slipway.pump()
    before = effect in open_effects(slipway)
    slipway.tick(timedelta(minutes=5))

    assert before
    assert effect not in open_effects(slipway)
