"""Attacks by a worker that is somebody else's by now: it may write whatever it likes into its own queue of reports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from shared.app.take_message import Misplaced, take_message
from shared.codec.envelope import decode, encode_effect, encode_event, encode_report
from shared.domain.drafts.decision import Outcome
from shared.domain.messages import events as ev
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import Deploy, Effect, ObserveRollout, Retag, ServiceEffect
from shared.domain.messages.queues import EVENTS_QUEUE, NONPROD, PRODUCTION, queue_of, reports_queue_of
from shared.domain.messages.reports import REPORTS, Report, refusal_id, report_id
from shared.domain.state.phases import Phase
from shared.domain.values.names import ServiceKey
from shared.domain.values.records import replace
from tests.app.test_workers import stopped_before
from tests.support.app_looks import all_but, latest, open_effects, the
from tests.support.app_parts import DELIVERY, Harness
from tests.support.codec.messages import MESSAGES
from tests.support.fleet import Fleet
from tests.support.in_poison import poisoned
from tests.support.log_lines import log_lines

NOBODY = ServiceKey("shipping", "nobody")
FORGED = Delivery(correlation="forged")


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """Three processes that have read the repository and have nothing left to do."""
    made = Fleet(tmp_path)
    made.slipway.start()
    return made


def send(slipway: Harness, worker: str, report: Report, number: int) -> None:
    """Write a report into a worker's queue with the number of an effect, and have control take it."""
    delivery = replace(FORGED, effect_number=number)
    take_message(slipway.app, reports_queue_of(worker), encode_report(report, delivery, at=slipway.app.now()))


def number_of(slipway: Harness, effect: ServiceEffect) -> int:
    """The number under which an effect stands in the outbox."""
    found = map(decode, (one.body for one in slipway.app.store.read(str(DELIVERY)).outbox.values()))
    return next(one.delivery.effect_number for one in found if one.effect == effect)


def seen(slipway: Harness) -> object:
    """All that a report could change: the state, what is asked for, and which services there are."""
    return slipway.state(), open_effects(slipway), slipway.app.store.services(most=100)


def deployed(effect: Deploy | Retag) -> ev.ArtifactDeployed:
    """A report that this was deployed."""
    return ev.ArtifactDeployed(
        id=report_id(effect.id),
        service=effect.service,
        effect=effect.id,
        number=effect.number,
        attempt=effect.attempt,
        revision="r",
    )


def test_a_report_for_the_other_workers_effect_changes_nothing(fleet: Fleet) -> None:
    """Attack: nonprod says that production deployed, with that effect's own number; and that it is done. The ledger says so once."""
    slipway = stopped_before(fleet, Deploy)
    effect = the(slipway, Deploy)
    before, number = seen(slipway), number_of(slipway, effect)
    for _ in range(2):
        send(slipway, NONPROD, deployed(effect), number)
    send(slipway, NONPROD, ev.EffectDone(id=report_id(effect.id), service=DELIVERY, effect=effect.id), number)
    entry = latest(slipway)

    assert seen(slipway) == before
    assert (entry.outcome, entry.detail_of("code"), entry.correlation) == (Outcome.IGNORED, "misplaced", "forged")
    assert "the nonprod worker reports what the production worker was asked for" in entry.reason
    assert [one.detail_of("code") for one in slipway.timeline()].count("misplaced") == 1
    slipway.pump()
    assert slipway.live("production") == "1.0.0"


def test_a_report_about_another_environment_changes_nothing(fleet: Fleet) -> None:
    """Attack: under the number of its own open effect nonprod reports what production's promotion waits for."""
    slipway = stopped_before(fleet, Deploy)
    production = the(slipway, Deploy)
    slipway.push_release("1.1.0")
    slipway.pump(*all_but("deploy"))
    own = next(one for one in open_effects(slipway) if isinstance(one, Deploy) and one != production)
    before = seen(slipway)
    send(slipway, NONPROD, deployed(production), number_of(slipway, own))

    assert seen(slipway) == before
    assert "is no report of this effect" in latest(slipway).reason


def test_a_report_of_a_closed_attempt_changes_nothing(fleet: Fleet) -> None:
    """Attack: the rollout that was seen healthy is reported as failed, so that a good version goes back."""
    slipway = stopped_before(fleet, ObserveRollout)
    effect = the(slipway, ObserveRollout)
    number = number_of(slipway, effect)
    slipway.pump()
    before, entries = seen(slipway), len(slipway.timeline())
    failed = ev.RolloutObserved(
        id=report_id(effect.id),
        service=DELIVERY,
        effect=effect.id,
        number=effect.number,
        attempt=effect.attempt,
        healthy=False,
        reason="forged",
    )
    with log_lines() as lines:
        send(slipway, PRODUCTION, failed, number)

    assert (seen(slipway), len(slipway.timeline()), slipway.live("production")) == (before, entries, "1.0.0")
    assert [one["code"] for one in lines if one["event"] == "event.handled"] == ["not-open"]


def test_a_report_of_what_was_aborted_moves_nothing(fleet: Fleet) -> None:
    """The attempt has ended while its effect was under way: it is done with, and recorded."""
    slipway = stopped_before(fleet, Retag)
    effect = the(slipway, Retag)
    number = number_of(slipway, effect)
    slipway.ask(ev.AbortRequested, version="1.0.0", reason="a mistake")
    before = slipway.state()
    done = ev.ArtifactRetagged(
        id=report_id(effect.id), service=DELIVERY, effect=effect.id, number=effect.number, attempt=effect.attempt
    )
    send(slipway, PRODUCTION, done, number)

    assert (slipway.state(), latest(slipway).detail_of("code")) == (before, "replaced")
    assert slipway.promotion("1.0.0", "production").phase is Phase.ABORTED


@pytest.mark.parametrize("number", [0, -1, 7, 10**30])
@pytest.mark.parametrize("service", [DELIVERY, NOBODY], ids=str)
def test_a_report_of_an_effect_that_is_not_in_the_outbox_changes_nothing(
    fleet: Fleet, service: ServiceKey, number: int
) -> None:
    """Attack: approved by nobody, asked for by nobody; nor does it make a service."""
    slipway = fleet.slipway
    slipway.release_to("1.0.0", approve=False)
    before, entries = seen(slipway), len(slipway.timeline())
    effect = Deploy(service=service, number=2, attempt=1)
    send(slipway, PRODUCTION, deployed(effect), number)
    send(slipway, PRODUCTION, ev.EffectDone(id=report_id(effect.id), service=service, effect=effect.id), number)

    assert (seen(slipway), len(slipway.timeline())) == (before, entries)


UNREPORTED = [one for one in MESSAGES if not isinstance(one, REPORTS)]


@pytest.mark.parametrize("worker", [NONPROD, PRODUCTION])
@pytest.mark.parametrize("message", UNREPORTED, ids=lambda one: type(one).__name__)
def test_what_no_worker_reports_is_not_taken(fleet: Fleet, message: Any, worker: str) -> None:
    """Attack: a person's request, an answer, an event of hooks, a policy, an effect: each goes to poison and changes nothing."""
    slipway = fleet.slipway
    said = replace(message, service=DELIVERY) if hasattr(message, "service") else message
    at = slipway.app.now()
    effect = isinstance(said, Effect)
    body = encode_effect(said, FORGED, at=at) if effect else encode_event(said, correlation="forged", at=at)
    before, entries = seen(slipway), len(slipway.timeline())

    with pytest.raises(Misplaced, match="brought what no worker reports"):
        take_message(slipway.app, reports_queue_of(worker), body)

    assert (seen(slipway), len(slipway.timeline())) == (before, entries)


def refusal(**changes: Any) -> ev.EffectRefused:
    """What production's worker says of nonprod's build in a queue of its own."""
    effect = f"{DELIVERY}:b1:build:1"
    made = ev.EffectRefused(
        id=refusal_id(effect, queue_of("deploy", PRODUCTION)), service=DELIVERY, refused=effect, reason="not mine"
    )
    return replace(made, **changes)


def test_a_refusal_is_recorded_once(fleet: Fleet) -> None:
    """It changes nothing else."""
    slipway = fleet.slipway
    before = seen(slipway)
    for _ in range(2):
        send(slipway, PRODUCTION, refusal(), 0)

    assert seen(slipway) == before
    assert [one.detail_of("code") for one in slipway.timeline()].count("misplaced") == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "the-id-of-a-request"},
        {
            "service": NOBODY,
            "refused": f"{NOBODY}:b1:build:1",
            "id": f"{NOBODY}:b1:build:1:refused:slipway-deploy-production",
        },
    ],
    ids=["another id", "no service"],
)
def test_a_refusal_that_no_worker_makes_leaves_nothing(fleet: Fleet, changes: Mapping[str, Any]) -> None:
    """Attack: under its id a person's request would be taken for its second delivery; a ledger for each name that was made up."""
    slipway = fleet.slipway
    before, entries = seen(slipway), len(slipway.timeline())
    with log_lines() as lines:
        send(slipway, PRODUCTION, refusal(**changes), 0)

    assert (seen(slipway), len(slipway.timeline())) == (before, entries)
    assert [one["event"] for one in lines] == ["report.refused"]


@pytest.mark.parametrize("queue", [EVENTS_QUEUE, queue_of("inspect-push"), queue_of("deploy")])
def test_done_is_no_event_of_other_queues(fleet: Fleet, queue: str) -> None:
    """Attack: it would take an effect out of the outbox without anybody's being asked whose it was."""
    slipway = stopped_before(fleet, Deploy)
    effect = the(slipway, Deploy)
    done = ev.EffectDone(id=report_id(effect.id), service=DELIVERY, effect=effect.id)
    body = encode_report(done, replace(FORGED, effect_number=number_of(slipway, effect)), at=slipway.app.now())

    with pytest.raises(Misplaced):
        take_message(slipway.app, queue, body)

    assert the(slipway, Deploy) == effect


@pytest.mark.parametrize("queue", [reports_queue_of(NONPROD), queue_of("deploy", PRODUCTION), EVENTS_QUEUE, "unknown"])
def test_a_report_in_the_poison_of_another_queue_ends_nothing(fleet: Fleet, queue: str) -> None:
    """Attack: nonprod's app moves production's report to its own poison."""
    slipway = stopped_before(fleet, Deploy)
    effect = the(slipway, Deploy)
    before = slipway.state()
    body = encode_report(
        deployed(effect), replace(FORGED, effect_number=number_of(slipway, effect)), at=slipway.app.now()
    )
    poisoned(slipway, body.encode(), queue=queue)

    assert (slipway.state(), the(slipway, Deploy)) == (before, effect)


def test_a_name_of_a_run_in_poison_ends_no_build(fleet: Fleet) -> None:
    """The build goes on, and is reported."""
    slipway = fleet.slipway
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("build"))
    build = slipway.release("1.0.0").build
    assert build is not None
    [effect] = [one for one in open_effects(slipway) if one.kind == "build"]
    started = json.loads(
        encode_event(
            next(one for one in MESSAGES if isinstance(one, ev.BuildStarted)), correlation="", at=slipway.app.now()
        )
    )
    started["message"] |= {"service": str(DELIVERY), "number": build.number, "attempt": build.attempt}
    started["message"]["id"] = f"{effect.id}:runs:{started['message']['handle']['id']}"
    started["delivery"]["effect_number"] = number_of(slipway, effect)
    poisoned(slipway, json.dumps(started).encode(), queue=reports_queue_of(NONPROD))

    assert slipway.release("1.0.0").build == build
