"""The four measures of delivery, over whole releases: taken once, where a promotion to a last environment ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.domain.drafts.measures import DEPLOYMENTS, FAILURES, LEAD_TIME, RESTORE
from shared.domain.messages import events as ev
from shared.domain.state.phases import Phase
from shared.ports.errors import Permanent
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_parts import Harness
from tests.support.log_lines import log_lines

HOUR = timedelta(hours=1)


class Measured:
    """What has been measured since it was last asked for."""

    def __init__(self, lines: list[dict[str, object]]) -> None:
        self._lines = lines

    def __call__(self, *names: str) -> list[tuple[str, float]]:
        found = [one for one in self._lines if one["event"] == "measured"]
        self._lines.clear()
        assert {one["environment"] for one in found} <= {"production"}
        return [
            (str(one["measure"]), float(str(one["value"]))) for one in found if not names or one["measure"] in names
        ]


@pytest.fixture
def measured() -> Iterator[Measured]:
    """What is measured from now on."""
    with log_lines() as lines:
        yield Measured(lines)


def fails(slipway: Harness, version: str, environment: str = "production") -> None:
    """Have a version's rollout fail."""
    slipway.outside.environments.health["delivery", environment, version] = RolloutState.DEGRADED


def test_a_version_that_reaches_production_is_a_deployment_with_its_lead_time(
    slipway: Harness, measured: Measured
) -> None:
    """Counted from its push; what happens in environments on the way is none."""
    slipway.release_to("1.0.0", approve=False)
    slipway.tick(HOUR)
    began = slipway.release("1.0.0").created
    before = measured()

    slipway.approve()

    lead = (slipway.promotion("1.0.0", "production").since - began).total_seconds()
    assert before == []
    assert measured() == [(DEPLOYMENTS, 1.0), (LEAD_TIME, lead)]
    assert lead >= HOUR.total_seconds()


def test_a_redeployment_brings_nothing_new(slipway: Harness, measured: Measured) -> None:
    """What runs was counted when it came."""
    slipway.release_to("1.0.0")
    measured()

    slipway.ask(ev.RedeployRequested, environment="production", version="")
    slipway.pump()

    assert slipway.promotion("1.0.0", "production").phase is Phase.SUCCEEDED
    assert measured() == []


def test_a_rollout_that_fails_is_one_failure_and_its_rollback_restores(slipway: Harness, measured: Measured) -> None:
    """The rollback that follows by itself is no second one."""
    slipway.release_to("1.0.0")
    fails(slipway, "1.1.0")
    slipway.release_to("1.1.0", approve=False)
    measured()

    slipway.approve()

    _, failed, rollback = slipway.release("1.1.0").promotions
    took = (rollback.since - failed.since).total_seconds()
    assert rollback.phase is Phase.ROLLED_BACK
    assert measured() == [(FAILURES, 1.0), (RESTORE, took)]


def test_what_people_roll_back_failed_too(slipway: Harness, measured: Measured) -> None:
    """Restored since they asked, as nobody knows since when it was bad."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.1.0")
    measured()

    slipway.ask(ev.RollbackRequested, environment="production", reason="orders are lost", to="")
    slipway.pump()

    rollback = slipway.promotion("1.1.0", "production")
    took = (rollback.since - rollback.created).total_seconds()
    assert rollback.phase is Phase.ROLLED_BACK
    assert measured() == [(FAILURES, 1.0), (RESTORE, took)]


def test_a_version_that_comes_back_is_deployed_again_without_a_lead_time(slipway: Harness, measured: Measured) -> None:
    """How long it took was measured when it came first."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.1.0")
    slipway.ask(ev.RollbackRequested, environment="production", reason="orders are lost", to="")
    slipway.pump()
    [hold] = slipway.state().holds
    slipway.ask(ev.ArtifactHoldLifted, hold=hold.id, reason="it was the database")
    measured()

    slipway.ask(ev.PromoteRequested, version="1.1.0", environment="production")
    slipway.pump().approve()

    assert slipway.live("production") == "1.1.0"
    assert measured() == [(DEPLOYMENTS, 1.0)]


def test_a_first_deployment_that_fails_is_restored_by_the_next_version(slipway: Harness, measured: Measured) -> None:
    """There was nothing to go back to."""
    fails(slipway, "1.0.0")
    slipway.release_to("1.0.0")
    failed = slipway.promotion("1.0.0", "production")
    first = measured()

    slipway.release_to("1.0.1")

    took = (slipway.promotion("1.0.1", "production").since - failed.since).total_seconds()
    assert failed.phase is Phase.FAILED
    assert first == [(FAILURES, 1.0)]
    assert measured(DEPLOYMENTS, RESTORE) == [(DEPLOYMENTS, 1.0), (RESTORE, took)]


def test_a_way_back_that_fails_is_restored_by_what_succeeds_next(slipway: Harness, measured: Measured) -> None:
    """Counted from the first failure on, and not a failure more."""
    slipway.release_to("1.0.0")
    fails(slipway, "1.1.0")
    fails(slipway, "1.0.0")
    slipway.release_to("1.1.0")
    failed, broken = slipway.release("1.1.0").promotions[1:]
    first = measured(FAILURES, RESTORE)
    slipway.outside.environments.health.clear()

    slipway.ask(ev.RollbackRequested, environment="production", reason="once more", to="1.0.0")
    slipway.pump()

    restored = slipway.promotion("1.1.0", "production")
    assert (broken.phase, restored.phase) == (Phase.ROLLBACK_FAILED, Phase.ROLLED_BACK)
    assert first == [(FAILURES, 1.0)]
    assert measured(RESTORE) == [(RESTORE, (restored.since - failed.since).total_seconds())]


def test_what_a_person_vouches_for_is_broken_no_more(slipway: Harness, measured: Measured) -> None:
    """Nothing was deployed, so that nothing is measured; nor is the time since counted later."""
    fails(slipway, "1.0.0")
    slipway.release_to("1.0.0")
    slipway.ask(ev.LiveAdopted, environment="production", version="", reason="I took it out")
    measured()

    slipway.release_to("1.0.1")

    assert [name for name, _ in measured()] == [DEPLOYMENTS, LEAD_TIME]


def test_what_could_not_be_copied_has_failed_nobody(slipway: Harness, measured: Measured) -> None:
    """Production was not touched."""
    slipway.release_to("1.0.0", approve=False)
    slipway.outside.troubles.add("registry.copy", Permanent("the manifest is not one"))

    slipway.approve()

    assert slipway.promotion("1.0.0", "production").phase is Phase.FAILED
    assert measured() == []


def test_a_failure_on_the_way_to_production_is_not_measured(slipway: Harness, measured: Measured) -> None:
    """That is what the way is for."""
    fails(slipway, "1.0.0", "qa")

    slipway.release_to("1.0.0", approve=False)

    assert slipway.promotion("1.0.0", "qa").phase is Phase.FAILED
    assert measured() == []
