"""Watching a rollout, and taking out what failed: healthy counts only if it is what was deployed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from shared.domain.messages import events as ev
from shared.domain.messages.effects import ObserveRollout, Remove
from shared.ports.errors import Transient
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_looks import all_but, do, open_effects, the
from tests.support.app_parts import DELIVERY, SECOND, Harness, make_app
from tests.support.outside import SLIPWAY_YAML, Outside

QA = ("delivery", "qa", "1.0.0")
REMOVING = SLIPWAY_YAML.replace("namespace: backend-qa", "namespace: backend-qa\n    on_first_failure: uninstall")


@pytest.fixture
def removing(tmp_path: Path) -> Harness:
    """An application whose QA is cleared after a first deployment that failed."""
    return make_app("memory", tmp_path, Outside(slipway_yaml=REMOVING)).start()


def watched(slipway: Harness, version: str = "1.0.0") -> ObserveRollout:
    """Release up to the rollout in QA."""
    slipway.push_release(version)
    slipway.pump(*all_but("observe-rollout"))
    return the(slipway, ObserveRollout)


def test_a_healthy_rollout_of_what_was_deployed_succeeds(slipway: Harness) -> None:
    """Its report is named by its effect."""
    effect = watched(slipway)
    do(slipway, effect)

    assert slipway.promotion("1.0.0", "qa").phase == "Succeeded"
    assert f"{effect.id}:done" in [one.event_id for one in slipway.timeline()]


def test_a_rollout_under_way_is_looked_at_again(slipway: Harness) -> None:
    """That is no entry; waiting costs nothing."""
    effect = watched(slipway)
    slipway.outside.environments.slow[QA] = 1
    assert slipway.receive("observe-rollout")
    entries = slipway.timeline()
    do(slipway, effect)
    early = slipway.receive("observe-rollout")
    slipway.outside.clock.advance(SECOND)

    assert early == []
    assert len(slipway.receive("observe-rollout")) == 1
    assert slipway.timeline() == entries


def test_an_unhealthy_rollout_fails_with_its_reason(slipway: Harness) -> None:
    """As the environment said it."""
    effect = watched(slipway)
    slipway.outside.environments.health[QA] = RolloutState.DEGRADED
    do(slipway, effect)

    assert slipway.promotion("1.0.0", "qa").phase == "Failed"
    assert slipway.promotion("1.0.0", "qa").reason == "0 of 1 replicas are ready"


def test_a_rollout_that_somebody_wrote_over_is_not_this_ones(slipway: Harness) -> None:
    """However healthy the other is."""
    effect = watched(slipway)
    slipway.outside.environments.by_hand("qa", "delivery", "busybox")
    do(slipway, effect)

    assert slipway.promotion("1.0.0", "qa").phase == "Failed"
    assert "was written after it" in slipway.promotion("1.0.0", "qa").reason


def test_a_healthy_environment_that_runs_another_image_has_failed(slipway: Harness) -> None:
    """Attack: something in the cluster swaps the image; what runs is not what was approved."""
    effect = watched(slipway)
    written = slipway.outside.environments.applied["qa/delivery"]
    written[-1] = replace(written[-1], images=("localhost:5000/delivery:v1.0.0",))
    do(slipway, effect)

    assert slipway.promotion("1.0.0", "qa").phase == "Failed"
    assert slipway.promotion("1.0.0", "qa").reason.startswith("qa is healthy but does not run localhost:5000/delivery:")


def test_a_healthy_environment_that_runs_nothing_has_failed(slipway: Harness) -> None:
    """An empty folder has no unhealthy pods either."""
    effect = watched(slipway)
    written = slipway.outside.environments.applied["qa/delivery"]
    written[-1] = replace(written[-1], manifests=None)
    do(slipway, effect)

    assert slipway.promotion("1.0.0", "qa").phase == "Failed"


def test_a_rollback_is_compared_with_what_it_went_back_to(slipway: Harness) -> None:
    """Not with the release that it undoes."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.0.1")
    slipway.ask(ev.RollbackRequested, environment="production", reason="wrong colours", to=None)
    slipway.pump()

    assert slipway.promotion("1.0.1", "production").phase == "RolledBack"


def test_a_rollout_that_nobody_waits_for_is_not_looked_at(slipway: Harness) -> None:
    """The attempt was replaced, or never was."""
    effect = watched(slipway)
    looks = slipway.outside.troubles.calls.count("watcher.observe")
    do(slipway, ObserveRollout(service=DELIVERY, number=effect.number, attempt=effect.attempt + 1))
    do(slipway, ObserveRollout(service=DELIVERY, number=99, attempt=1))

    assert slipway.outside.troubles.calls.count("watcher.observe") == looks


def failed_first(slipway: Harness) -> Remove:
    """Have the first deployment to QA fail, up to its removal."""
    effect = watched(slipway)
    slipway.outside.environments.health[QA] = RolloutState.DEGRADED
    do(slipway, effect)
    return the(slipway, Remove)


def test_a_first_deployment_that_failed_is_taken_out_where_that_is_asked_for(removing: Harness) -> None:
    """The release has ended by then; it is read all the same."""
    effect = failed_first(removing)
    do(removing, effect)

    assert removing.outside.environments.live("qa", "delivery") is None
    assert effect not in open_effects(removing)


def test_a_first_deployment_that_failed_is_left_where_nothing_is_said(slipway: Harness) -> None:
    """People may want to look at it."""
    slipway.outside.environments.health[QA] = RolloutState.DEGRADED
    slipway.push_release("1.0.0")
    slipway.pump()

    assert slipway.running("qa").version == "1.0.0"


def test_taking_out_twice_is_harmless(removing: Harness) -> None:
    """It is found to be gone."""
    effect = failed_first(removing)
    do(removing, effect)
    written = list(removing.outside.environments.applied["qa/delivery"])
    do(removing, effect)

    assert removing.outside.environments.applied["qa/delivery"] == written


def test_a_removal_that_comes_after_the_next_version_takes_nothing_out(removing: Harness) -> None:
    """A later promotion has written; the removal is done with, and not tried for ever."""
    effect = failed_first(removing)
    removing.push_release("1.0.1")
    removing.pump(*all_but("deploy"))
    [after] = [one for one in open_effects(removing) if one.kind == "deploy" and one != effect]
    do(removing, after)
    while found := removing.receive("deploy"):
        removing.receiver.delete(found[0])
    do(removing, effect)

    assert removing.running("qa").version == "1.0.1"
    assert removing.waiting("deploy") == 0


@pytest.mark.parametrize(("version", "number"), [("9.0.0", 1), ("1.0.0", 99)])
def test_a_removal_of_what_never_was_takes_nothing_out(slipway: Harness, version: str, number: int) -> None:
    """No such release, or no such promotion of it."""
    slipway.release_to("1.0.0")
    do(slipway, Remove(service=DELIVERY, version=version, number=number, attempt=1))

    assert slipway.running("qa").version == "1.0.0"
    assert slipway.running("production").version == "1.0.0"


def test_a_promotion_that_never_started_has_nothing_to_take_out(slipway: Harness) -> None:
    """It pinned no policy: nobody knows where it would have been."""
    slipway.release_to("1.0.0", approve=False)
    waiting = slipway.promotion("1.0.0", "production")
    do(slipway, Remove(service=DELIVERY, version="1.0.0", number=waiting.number, attempt=1))

    assert slipway.outside.environments.applied["production/delivery"] == []


def test_what_a_client_wrote_late_is_put_right_before_anything_counts_as_good(slipway: Harness) -> None:
    """And has to settle again."""
    slipway.push_release("1.0.0")
    slipway.outside.environments.late["qa/delivery"] = ("Deployment/delivery",)
    slipway.pump()

    assert slipway.outside.environments.late == {}
    assert slipway.promotion("1.0.0", "qa").phase == "Succeeded"


def test_how_a_rollout_ended_stands_beside_the_revision(slipway: Harness) -> None:
    """Where the environment has a record of its own; the verdict stands where it cannot be written."""
    slipway.outside.environments.health["delivery", "qa", "1.0.0"] = RolloutState.DEGRADED
    slipway.push_release("1.0.0")
    slipway.pump()
    revision = slipway.promotion("1.0.0", "qa").revision

    assert slipway.outside.environments.notes == {revision: "Slipway: the rollout failed: 0 of 1 replicas are ready"}


def test_a_record_that_cannot_be_written_changes_no_verdict(slipway: Harness) -> None:
    """The rollout failed all the same."""
    slipway.outside.environments.health["delivery", "qa", "1.0.0"] = RolloutState.DEGRADED
    slipway.outside.troubles.add("applier.note", Transient("out of reach"))
    slipway.push_release("1.0.0")
    slipway.pump()

    assert slipway.promotion("1.0.0", "qa").phase == "Failed"
    assert slipway.outside.environments.notes == {}
