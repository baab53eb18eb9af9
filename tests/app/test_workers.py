"""Production is acted on by its own worker with its own identity, and by nobody else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.app.take_message import Misplaced, take_message
from shared.codec.envelope import encode_effect, encode_event
from shared.domain.messages import events as ev
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import (
    Build,
    Deploy,
    GatherFacts,
    ObserveRollout,
    ReadTags,
    Retag,
    ServiceEffect,
    SetStatus,
)
from shared.domain.messages.queues import EVENTS_QUEUE, NONPROD, PRODUCTION, QUEUES, queue_of
from shared.domain.state.phases import Phase
from shared.ports.errors import Transient
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_looks import Unreachable, all_but, latest, open_effects, the
from tests.support.app_parts import DELIVERY, Harness
from tests.support.fleet import CONTROL, OWN, PRODUCTION_IDENTITY, QA_IDENTITY, WITH_IDENTITIES, Fleet
from tests.support.outside import MAIN

# What Slipway itself asks a registry: whether a version is new, whether a build is there, and for its tags.
BUILDS = {"registry.digest_of", "registry.has", "registry.tag"}
REPORTS = ("reports-nonprod", "reports-production")
ACTS = {
    "registry.copy",
    *(f"applier.{each}" for each in ("apply", "running", "mend", "note")),
    "watcher.observe",
}


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """Three processes that have read the repository and have nothing left to do."""
    made = Fleet(tmp_path)
    made.slipway.start()
    return made


def deliver(fleet: Fleet, effect: ServiceEffect, worker: str) -> None:
    """Put a message by hand into the queue of a worker, its deployments' where it has none for such; have it done and reported."""
    app = fleet.slipway.app
    body = encode_effect(effect, Delivery(correlation="by hand", effect_number=1), at=app.now())
    there = any(queue.worker == worker and effect.kind in queue.kinds for queue in QUEUES.values())
    take_message(fleet.slipway.workers[worker], queue_of(effect.kind if there else Deploy.kind, worker), body)
    fleet.slipway.pump(*REPORTS)


def stopped_before(fleet: Fleet, kind: type[ServiceEffect]) -> Harness:
    """Release 1.0.0 up to an effect of that kind for production, which nobody has performed yet."""
    slipway = fleet.slipway
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("observe-rollout"))
    if kind is GatherFacts:
        slipway.pump("observe-rollout", *REPORTS)
        slipway.pump(*all_but("gather-facts"))
        return slipway
    slipway.pump()
    slipway.answer()
    return slipway.pump(*all_but(kind.kind))


def test_productions_identity_is_used_by_productions_worker_alone_over_a_whole_release(fleet: Fleet) -> None:
    """And each environment is acted on with its own, from the first question to a rollback."""
    slipway = fleet.slipway
    slipway.release_to("1.0.0")
    slipway.outside.environments.health["delivery", "production", "1.1.0"] = RolloutState.DEGRADED
    slipway.release_to("1.1.0")

    assert (slipway.live("production"), str(slipway.release("1.1.0").phase)) == ("1.0.0", "RolledBack")
    assert fleet.roles(PRODUCTION_IDENTITY) == {PRODUCTION}
    assert {identity for identity, _ in fleet.by(PRODUCTION)} == {PRODUCTION_IDENTITY}
    assert {call for _, call in fleet.by(PRODUCTION)} == {*ACTS, "registry.has", "registry.describe", "charts.pull"}
    assert {call for identity, call in fleet.by(NONPROD) if identity == QA_IDENTITY} == {
        *ACTS - {"registry.copy", "applier.note"},
        "registry.has",
        "registry.describe",
        "charts.pull",
    }
    assert {call for identity, call in fleet.by(NONPROD) if identity == OWN} == BUILDS
    assert fleet.by(CONTROL) == set()


def test_an_environment_without_an_identity_is_served_as_slipway_itself(tmp_path: Path) -> None:
    """Nothing has to be configured where there is but one identity."""
    fleet = Fleet(tmp_path, slipway_yaml=WITH_IDENTITIES.replace(f"    identity: {QA_IDENTITY}\n", ""))
    fleet.slipway.start().release_to("1.0.0")

    assert fleet.slipway.live("production") == "1.0.0"
    assert {identity for identity, _ in fleet.by(NONPROD)} == {OWN}


@pytest.mark.parametrize("kind", [GatherFacts, Retag, Deploy, ObserveRollout])
def test_productions_messages_lie_in_queues_of_their_own(fleet: Fleet, kind: type[ServiceEffect]) -> None:
    """Each of the four kinds."""
    slipway = stopped_before(fleet, kind)

    assert [slipway.receiver.count(queue_of(kind.kind, worker)) for worker in (NONPROD, PRODUCTION)] == [0, 1]


@pytest.mark.parametrize("kind", [GatherFacts, Retag, Deploy, ObserveRollout])
def test_what_is_put_off_goes_back_into_the_same_queue(fleet: Fleet, kind: type[ServiceEffect]) -> None:
    """Otherwise the second try would be refused."""
    slipway = stopped_before(fleet, kind)
    for place in ("applier.read", "registry.copy", "applier.write", "watcher.observe"):
        slipway.outside.troubles.add(place, Transient("busy"))
    slipway.deliver_one(kind.kind)

    assert [slipway.receiver.count(queue_of(kind.kind, worker)) for worker in (NONPROD, PRODUCTION)] == [0, 1]
    assert slipway.pump().live("production") in ("", "1.0.0")
    assert "misplaced" not in {entry.detail_of("code") for entry in slipway.timeline()}


def test_a_message_that_storage_puts_off_goes_back_into_the_same_queue(fleet: Fleet) -> None:
    """Also before anything was tried."""
    slipway = stopped_before(fleet, Retag)
    production = slipway.workers[PRODUCTION]
    [message] = slipway.receive(Retag.kind)
    slipway.workers[PRODUCTION] = replace(production, store=Unreachable(production.store))
    slipway.take(message)
    slipway.receiver.delete(message)

    assert [slipway.receiver.count(queue_of(Retag.kind, worker)) for worker in (NONPROD, PRODUCTION)] == [0, 1]


@pytest.mark.parametrize("kind", [GatherFacts, Retag, Deploy, ObserveRollout])
def test_the_other_worker_refuses_what_is_productions(fleet: Fleet, kind: type[ServiceEffect]) -> None:
    """Somebody put the very effect that production waits for into the wrong queue: nothing is done, and it is recorded."""
    slipway = stopped_before(fleet, kind)
    before, used = slipway.state(), list(fleet.used)
    deliver(fleet, the(slipway, kind), NONPROD)
    entry = latest(slipway)

    assert (slipway.state(), fleet.used) == (before, used)
    assert (entry.outcome, entry.detail_of("code"), entry.correlation) == ("ignored", "misplaced", "by hand")
    assert "production is served by the production worker, and not by nonprod" in entry.reason
    slipway.pump()
    if kind is GatherFacts:
        slipway.approve()
    assert slipway.live("production") == "1.0.0"


def test_productions_worker_refuses_what_is_the_others(fleet: Fleet) -> None:
    """It has no identity for it, and is not to be led to where it has none."""
    slipway = fleet.slipway
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("deploy"))
    before = slipway.state()
    deliver(fleet, the(slipway, Deploy), PRODUCTION)

    assert slipway.state() == before
    assert "qa is served by the nonprod worker" in latest(slipway).reason
    assert fleet.by(PRODUCTION) == set()


@pytest.mark.parametrize(
    "effect",
    [
        Build(service=DELIVERY, number=1, attempt=1),
        ReadTags(service=DELIVERY, version="1.0.0", asked=1),
        SetStatus(service=DELIVERY, commit="c" * 40, context="x", about=1),
    ],
)
def test_productions_worker_does_nothing_that_is_not_about_an_environment(fleet: Fleet, effect: ServiceEffect) -> None:
    """A build runs what other people wrote, and would find the identity beside it."""
    fleet.slipway.push_release("1.0.0")
    fleet.slipway.pump("events", "inspect-push")
    before = fleet.slipway.state(), list(fleet.slipway.outside.builder.orders)
    deliver(fleet, effect, PRODUCTION)

    assert latest(fleet.slipway).detail_of("code") == "misplaced"
    assert (fleet.slipway.state(), fleet.slipway.outside.builder.orders) == before


def test_an_effect_in_a_queue_of_another_kind_is_refused(fleet: Fleet) -> None:
    """Also among what the doors send, where control would perform it."""
    slipway = stopped_before(fleet, Deploy)
    effect = the(slipway, Deploy)
    body = encode_effect(effect, Delivery(correlation="by hand"), at=slipway.app.now())
    take_message(slipway.app, EVENTS_QUEUE, body)
    first = latest(slipway)
    take_message(slipway.workers[PRODUCTION], queue_of(Retag.kind, PRODUCTION), body)
    slipway.pump(*REPORTS)

    assert first.detail_of("code") == latest(slipway).detail_of("code") == "misplaced"
    assert latest(slipway).reason.endswith("slipway-retag-production is not where such effects lie")
    assert slipway.outside.environments.live("production", "delivery") is None


def test_an_event_in_an_effects_queue_is_not_handled(fleet: Fleet) -> None:
    """An approval that was written by hand is none, and goes to poison."""
    slipway = fleet.slipway
    slipway.release_to("1.0.0", approve=False)
    body = encode_event(ev.ServiceRemoved(id="forged", service=DELIVERY), correlation="", at=slipway.app.now())

    with pytest.raises(Misplaced, match="brought an event"):
        take_message(slipway.workers[PRODUCTION], queue_of(Deploy.kind, PRODUCTION), body)


@pytest.mark.parametrize("kind", [Retag, Deploy, ObserveRollout])
def test_a_message_for_what_was_not_approved_does_nothing(fleet: Fleet, kind: type[Any]) -> None:
    """Production's worker reads the state before it acts: this promotion still waits."""
    slipway = fleet.slipway
    slipway.release_to("1.0.0", approve=False)
    before, used = slipway.state(), len(fleet.used)
    number = slipway.promotion("1.0.0", "production").number
    deliver(fleet, kind(service=DELIVERY, number=number, attempt=1), PRODUCTION)

    assert (slipway.state(), len(fleet.used)) == (before, used)
    assert slipway.outside.environments.live("production", "delivery") is None


@pytest.mark.parametrize("kind", [GatherFacts, Retag, Deploy, ObserveRollout])
def test_what_ended_while_its_message_lay_there_is_not_acted_on(fleet: Fleet, kind: type[ServiceEffect]) -> None:
    """Each of the four kinds reads the state again; the message is an honest one that comes late."""
    slipway = stopped_before(fleet, kind)
    late, used = the(slipway, kind), len(fleet.used)
    slipway.ask(ev.AbortRequested, version="1.0.0", reason="a mistake")
    deliver(fleet, late, PRODUCTION)

    assert slipway.promotion("1.0.0", "production").phase is Phase.ABORTED
    assert fleet.used[used:] == []


def test_a_worker_that_lacks_the_identity_says_which(fleet: Fleet) -> None:
    """The promotion waits with the reason; nothing is acted on as somebody else."""
    other = WITH_IDENTITIES.replace(f"identity: {QA_IDENTITY}", "identity: forgotten")
    fleet.slipway.push(MAIN, {"slipway.yaml": other.encode()})
    fleet.slipway.pump()
    fleet.slipway.push_release("1.0.0")
    fleet.slipway.pump()

    assert "nonprod does not hold the identity forgotten" in fleet.slipway.promotion("1.0.0", "qa").reason
    assert fleet.by(NONPROD) == {(OWN, call) for call in BUILDS}


def test_a_first_deployment_is_taken_out_by_the_worker_that_wrote_it(tmp_path: Path) -> None:
    """The release has ended by then, and its policy still says whose it is."""
    removing = WITH_IDENTITIES.replace(
        "    registry_namespace: prod", "    on_first_failure: uninstall\n    registry_namespace: prod"
    )
    fleet = Fleet(tmp_path, slipway_yaml=removing)
    slipway = fleet.slipway.start()
    slipway.outside.environments.health["delivery", "production", "1.0.0"] = RolloutState.DEGRADED
    slipway.release_to("1.0.0")

    assert slipway.outside.environments.applied["production/delivery"][-1].manifests is None
    assert (PRODUCTION_IDENTITY, "applier.remove") in fleet.by(PRODUCTION)
    assert fleet.roles(PRODUCTION_IDENTITY) == {PRODUCTION}


def test_the_other_worker_goes_on_where_an_environment_got_another_identity(fleet: Fleet) -> None:
    """Facts are asked for again, of the right one; what was asked before is not wanted any more."""
    slipway = stopped_before(fleet, GatherFacts)
    changed = WITH_IDENTITIES.replace(f"identity: {PRODUCTION_IDENTITY}", f"identity: {QA_IDENTITY}")
    slipway.push(MAIN, {"slipway.yaml": changed.encode()})
    slipway.pump()
    slipway.approve()

    assert slipway.live("production") == "1.0.0"
    assert (fleet.by(PRODUCTION), open_effects(slipway)) == (set(), [])
