"""Deploying: only what is still wanted, exactly what was checked, and the second time is harmless."""

from __future__ import annotations

from typing import Any

import pytest

from shared.app.operating.operate import add_hold
from shared.domain.messages import events as ev
from shared.domain.messages.effects import Deploy, ObserveRollout
from shared.domain.values.names import Digest
from shared.ports.applier import DeployOrder, DeployReport
from shared.ports.errors import Permanent, Transient
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_looks import all_but, do, latest, open_effects, queued, the
from tests.support.app_parts import DELIVERY, SECOND, Harness
from tests.support.outside import SAM
from tests.support.outside_environments import Applied

OTHER = Digest("sha256:" + "f" * 64)


def deploying(slipway: Harness, version: str = "1.0.0") -> Deploy:
    """Release up to the deployment to QA."""
    slipway.push_release(version)
    slipway.pump(*all_but("deploy"))
    return the(slipway, Deploy)


def held(slipway: Harness, scope: str) -> None:
    """Add a hold that no decision has seen yet: holds live in another partition."""
    add_hold(slipway.app, slipway.caller("holds", person=SAM), scope=scope, reason="fire", until=None)


def put_off(slipway: Harness, kind: str) -> bool:
    """Whether a message of the kind waits for a second, and not less."""
    early = slipway.receive(kind)
    slipway.outside.clock.advance(SECOND)
    return early == [] and len(slipway.receive(kind)) == 1


def take_away(slipway: Harness, kind: str) -> None:
    """Lease the message that was sent, so that only another one is seen."""
    assert slipway.receive(kind)


def test_what_is_deployed_is_what_was_checked(slipway: Harness) -> None:
    """The kept manifests, the image by tag and digest, under the name of who is behind it."""
    effect = deploying(slipway)
    do(slipway, effect)
    promotion, artifact = slipway.promotion("1.0.0", "qa"), slipway.release("1.0.0").artifact
    applied = slipway.running("qa")
    assert promotion.rendered is not None
    assert artifact is not None

    assert applied.manifests == slipway.app.evidence.get(promotion.rendered.manifests)
    assert applied.image == f"localhost:5000/delivery:v1.0.0@{artifact.image.digest}"
    assert (applied.effect, applied.number, applied.version) == (effect.id, promotion.number, "1.0.0")
    assert promotion.revision == applied.revision
    assert latest(slipway).event_id == f"{effect.id}:done"


def test_deploying_twice_is_harmless(slipway: Harness) -> None:
    """It is found where it was put, and the second report does not count."""
    effect = deploying(slipway)
    do(slipway, effect)
    entries = slipway.timeline()
    do(slipway, effect)

    assert len(slipway.outside.environments.applied["qa/delivery"]) == 1
    assert slipway.timeline() == entries


def test_an_attempt_that_was_replaced_deploys_nothing(slipway: Harness) -> None:
    """Only the current one may act."""
    effect = deploying(slipway)
    do(slipway, Deploy(service=DELIVERY, number=effect.number, attempt=effect.attempt + 1))
    do(slipway, Deploy(service=DELIVERY, number=99, attempt=1))

    assert slipway.outside.environments.applied["qa/delivery"] == []


def test_nothing_is_deployed_under_a_hold_that_the_decision_did_not_see(slipway: Harness) -> None:
    """What has not begun waits."""
    effect = deploying(slipway)
    held(slipway, "environment:qa")
    take_away(slipway, "deploy")
    do(slipway, effect)

    assert slipway.outside.environments.live("qa", "delivery") is None
    assert put_off(slipway, "deploy")


def test_what_another_promotion_has_written_is_not_this_ones_under_a_hold(slipway: Harness) -> None:
    """It does not count as begun."""
    slipway.release_to("1.0.0", approve=False)
    effect = deploying(slipway, "1.0.1")
    held(slipway, "environment:qa")
    do(slipway, effect)

    assert slipway.running("qa").version == "1.0.0"


def test_what_has_been_written_is_finished_under_a_hold(slipway: Harness) -> None:
    """A worker died between writing and reporting; a hold does not leave it half done."""
    effect = deploying(slipway)
    image = "localhost:5000/delivery:v1.0.0"
    slipway.outside.environments.applied["qa/delivery"].append(
        Applied("r1", effect.number, slipway.promotion("1.0.0", "qa").turn, effect.id, "1.0.0", (image,), b"{}")
    )
    held(slipway, "environment:qa")
    do(slipway, effect)

    assert slipway.promotion("1.0.0", "qa").phase == "Verifying"
    assert slipway.promotion("1.0.0", "qa").revision == "r1"


def test_a_deployment_that_a_later_promotion_has_overtaken_fails(slipway: Harness) -> None:
    """It touched nothing, so nothing is undone."""
    effect = deploying(slipway)
    slipway.outside.environments.applied["qa/delivery"].append(Applied("r9", 99, 99, "x", "9.0.0", ("image",), b"{}"))
    do(slipway, effect)

    assert slipway.promotion("1.0.0", "qa").phase == "Failed"
    assert slipway.promotion("1.0.0", "qa").reason == "a later deployment has written qa already"
    assert slipway.environment("qa").slot is None


def test_manifests_that_are_lost_are_no_fault_of_the_release(slipway: Harness) -> None:
    """E.g. after the store was restored from before them: Errored, and nothing is deployed."""
    effect = deploying(slipway)
    evidence = type(slipway.app.evidence)()
    do(slipway.wrap(evidence=evidence), effect)

    assert slipway.promotion("1.0.0", "qa").phase == "Errored"
    assert "manifests of v1.0.0" in slipway.promotion("1.0.0", "qa").reason
    assert slipway.outside.environments.live("qa", "delivery") is None


def test_a_rollback_goes_ahead_under_a_hold(slipway: Harness) -> None:
    """No hold, freeze or queue stops it."""
    slipway.release_to("1.0.0")
    slipway.outside.environments.health["delivery", "production", "1.0.1"] = RolloutState.DEGRADED
    slipway.release_to("1.0.1", approve=False)
    slipway.answer()
    slipway.pump(*all_but("observe-rollout"))
    held(slipway, "everything")
    slipway.pump()

    assert slipway.live("production") == "1.0.0"
    assert slipway.running("production").version == "1.0.0"


def test_a_rollback_brings_what_it_goes_back_to_into_place_first(slipway: Harness) -> None:
    """It was cleaned away under `prod/`, and is copied again by digest before anything is deployed."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.0.1")
    registry, calls = slipway.outside.registry, slipway.outside.troubles.calls
    registry.lose_tag("prod/delivery", "v1.0.0")
    slipway.ask(ev.RollbackRequested, environment="production", reason="wrong colours", to="1.0.0")
    calls.clear()
    slipway.pump()

    assert registry.copies[-1] == "prod/delivery:v1.0.0"
    assert calls.index("registry.copy") < calls.index("applier.write")
    assert slipway.live("production") == "1.0.0"


def test_a_rollback_copies_nothing_that_is_in_place(slipway: Harness) -> None:
    """The way back is the shortest there is."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.0.1")
    copies = list(slipway.outside.registry.copies)
    slipway.ask(ev.RollbackRequested, environment="production", reason="wrong colours", to=None)
    slipway.pump()

    assert slipway.outside.registry.copies == copies
    assert slipway.live("production") == "1.0.0"


def test_who_asked_stands_in_what_is_deployed(slipway: Harness) -> None:
    """As its author; where nobody asked it is Slipway."""
    orders: list[DeployOrder] = []
    applier = slipway.outside.applier

    class Noting:
        def apply(self, order: DeployOrder) -> DeployReport:
            orders.append(order)
            return applier.apply(order)

        def __getattr__(self, name: str) -> Any:
            return getattr(applier, name)

    slipway.wrap(applier=Noting())
    slipway.release_to("1.0.0")
    slipway.ask(ev.RedeployRequested, environment="production", version=None)
    slipway.pump()

    assert [one.author.name for one in orders] == ["Ada Author", "Ada Author", "Rita Manager"]
    assert orders[-1].cause.startswith("v1.0.0, promotion 3: ")


@pytest.mark.parametrize("error", [Permanent("no"), Transient("busy")])
def test_a_step_that_did_not_work_is_never_reported_as_done(slipway: Harness, error: Exception) -> None:
    """Whatever it raised."""
    effect = deploying(slipway)
    slipway.outside.troubles.add("applier.write", error)
    do(slipway, effect)

    assert "artifact-deployed" not in [one.event_type for one in slipway.timeline()]
    assert not any(isinstance(one, ObserveRollout) for one in open_effects(slipway))
    assert queued(slipway, "observe-rollout") == 0
