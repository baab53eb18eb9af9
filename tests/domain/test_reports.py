"""What a worker may report: what the outbox has asked of that very worker, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import pytest

from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.messages.queues import CONTROL, NONPROD, PRODUCTION, QUEUES, queue_of, reports_queue_of
from shared.domain.messages.reports import (
    MISPLACED,
    NOT_OPEN,
    NOT_THEIRS,
    REPORTS,
    Report,
    ReportObjection,
    objection,
    refusal_id,
    refused_by,
    report_id,
    started_id,
)
from shared.domain.state.build import BuildHandle, BuildOutcome, BuildResult
from shared.domain.state.promotion import Facts
from shared.domain.values.names import ServiceKey
from shared.domain.values.records import replace
from tests.support.clock import NOON
from tests.support.pilot import DELIVERY, QA, Pilot, policy
from tests.support.pilot import PRODUCTION as OPEN_TO_ALL

HELD = frozenset({"prod-identity"})
GUARDED = replace(OPEN_TO_ALL, identity="prod-identity")
HANDLE = BuildHandle(id="4711", link="")
_ABOUT: Mapping[str, Any] = {"service": DELIVERY, "number": 7, "attempt": 2}
BUILD, LOOK = ef.Build(**_ABOUT), ef.LookAtBuild(**_ABOUT)
TAGS = ef.ReadTags(service=DELIVERY, version="1.0.0", asked=2)
TAG = ef.Tag(service=DELIVERY, version="1.0.0", attempt=2)
GATHER = ef.GatherFacts(service=DELIVERY, number=7, asked=2)
RETAG, DEPLOY, OBSERVE = ef.Retag(**_ABOUT), ef.Deploy(**_ABOUT), ef.ObserveRollout(**_ABOUT)
REMOVE = ef.Remove(**_ABOUT, version="1.0.0")


def of(effect: ef.ServiceEffect, make: Any, **fields: Any) -> Any:
    """Make the report of an effect."""
    return make(id=report_id(effect.id), service=DELIVERY, effect=effect.id, **fields)


_NUMBERS: Mapping[str, Any] = {"number": 7, "attempt": 2}
_FAILED: Mapping[str, Any] = {**_NUMBERS, "reason": "no", "ours": True, "changed": False}
STARTED = ev.BuildStarted(id=started_id(BUILD.id, HANDLE.id), handle=HANDLE, **_ABOUT)
BUILT = of(BUILD, ev.BuildReported, result=BuildResult(outcome=BuildOutcome.SUCCEEDED, reason=""), **_NUMBERS)
READ = of(TAGS, ev.TagsRead, version="1.0.0", parts=())
TAGGED = of(TAG, ev.ArtifactTagged, version="1.0.0", attempt=2)
NOT_TAGGED = of(TAG, ev.TaggingFailed, version="1.0.0", attempt=2, reason="no", ours=True)
GATHERED = of(GATHER, ev.FactsGathered, number=7, facts=Facts(at=NOON))
HONEST: tuple[tuple[ef.ServiceEffect, Report], ...] = (
    (BUILD, STARTED),
    (BUILD, BUILT),
    (LOOK, BUILT),
    (TAGS, READ),
    (TAG, TAGGED),
    (TAG, NOT_TAGGED),
    (GATHER, GATHERED),
    (GATHER, of(GATHER, ev.EffectFailed, **_FAILED)),
    (RETAG, of(RETAG, ev.ArtifactRetagged, **_NUMBERS)),
    (RETAG, of(RETAG, ev.EffectFailed, **_FAILED)),
    (DEPLOY, of(DEPLOY, ev.ArtifactDeployed, revision="r", **_NUMBERS)),
    (DEPLOY, of(DEPLOY, ev.EffectFailed, **_FAILED)),
    (OBSERVE, of(OBSERVE, ev.RolloutObserved, healthy=True, reason="", **_NUMBERS)),
    (OBSERVE, of(OBSERVE, ev.EffectFailed, **_FAILED)),
    *((one, of(one, ev.EffectDone)) for one in (BUILD, LOOK, TAGS, TAG, GATHER, RETAG, DEPLOY, OBSERVE, REMOVE)),
)
EMPTY = Pilot().state


def against(
    report: Report, effect: ef.ServiceEffect | None, *, queue: str = "", worker: str = NONPROD, state: Any = EMPTY
) -> ReportObjection | None:
    """Say what is objected to."""
    lies = queue or (queue_of(effect.kind) if effect is not None else "")
    return objection(report, effect, lies, worker=worker, state=state, production=HELD)


def code(found: ReportObjection | None) -> str:
    """The objection's code; empty where there is none."""
    return found.code if found is not None else ""


@pytest.mark.parametrize(("effect", "report"), HONEST, ids=lambda one: type(one).__name__)
def test_what_may_come_of_an_effect_is_taken(effect: ef.ServiceEffect, report: Report) -> None:
    """Of each kind, failures and "nothing to report" too."""
    assert against(report, effect) is None


def test_every_report_that_is_decided_upon_comes_of_some_effect() -> None:
    """And every effect names its own; a refusal is of what nobody may act on."""
    named = {report for effect in get_args(ef.ServiceEffect) for report in effect.reports}

    assert named == set(REPORTS) - {ev.EffectDone, ev.EffectRefused}
    assert {type(report) for _, report in HONEST} == set(REPORTS) - {ev.EffectRefused}


@pytest.mark.parametrize(("effect", "report"), HONEST, ids=lambda one: type(one).__name__)
def test_what_does_not_agree_with_the_effect_is_not_taken(effect: ef.ServiceEffect, report: Report) -> None:
    """Attack: an open effect's number, for a report of something else: each other effect, number, attempt and version."""
    others = {one for one, _ in HONEST} - {one for one, other in HONEST if other == report}
    changes: list[dict[str, Any]] = [
        {"number": 8},
        {"attempt": 3},
        {"version": "1.0.1"},
        {"effect": f"{DELIVERY}:8:deploy:1"},
        {"id": "x"},
    ]
    changed = [replace(report, **one) for one in changes if hasattr(report, next(iter(one)))]

    assert {code(against(report, one)) for one in others} == {MISPLACED}
    assert {code(against(one, effect)) for one in changed} == {MISPLACED}


@pytest.mark.parametrize(("effect", "report"), HONEST, ids=lambda one: type(one).__name__)
def test_what_another_worker_was_asked_for_is_not_taken(effect: ef.ServiceEffect, report: Report) -> None:
    """Attack: the outbox says whose it is, the queue who reports; neither is the report's to say."""
    found = against(report, effect, worker=PRODUCTION)

    assert found == ReportObjection(
        MISPLACED, "the production worker reports what the nonprod worker was asked for", effect.id
    )


def test_what_control_does_itself_is_nobodys_to_report() -> None:
    """Attack: a worker says that people were asked."""
    asked = ef.AskApproval(service=DELIVERY, number=7, request="r", round=1)

    assert code(against(of(asked, ev.EffectDone), asked)) == MISPLACED


def test_what_is_not_in_the_outbox_is_not_open() -> None:
    """It was reported before, or never asked for; it names no effect."""
    assert against(BUILT, None) == ReportObjection(NOT_OPEN, f"{BUILT.id}: its effect is not open")


def test_a_refusal_is_no_report_of_an_effect() -> None:
    """Attack: a refusal with the number of what is open would take it out."""
    refused = ev.EffectRefused(id=report_id(DEPLOY.id), service=DELIVERY, refused=DEPLOY.id, reason="no")

    assert code(against(refused, DEPLOY)) == MISPLACED


def test_an_environment_that_is_another_workers_by_now_is_not_reported_of() -> None:
    """It was asked while it was its own; that it is done may still be said."""
    pilot = Pilot(policy(QA, GUARDED)).release_to("1.0.0", approve=False)
    asked = ef.GatherFacts(service=DELIVERY, number=pilot.promotion("1.0.0", "production").number, asked=1)
    read = ev.FactsGathered(
        id=report_id(asked.id), service=DELIVERY, effect=asked.id, number=asked.number, facts=Facts(at=NOON)
    )
    there = queue_of(asked.kind, PRODUCTION)

    assert against(read, asked, state=pilot.state) == ReportObjection(
        NOT_THEIRS, "its environment is the production worker's, and not nonprod's", asked.id
    )
    assert against(of(asked, ev.EffectDone), asked, state=pilot.state) is None
    assert against(read, asked, queue=there, worker=PRODUCTION, state=pilot.state) is None


def refusal(**changes: Any) -> ev.EffectRefused:
    """What nonprod's worker says of production's deployment in its queue."""
    made = ev.EffectRefused(
        id=refusal_id(DEPLOY.id, queue_of(DEPLOY.kind)), service=DELIVERY, refused=DEPLOY.id, reason="not mine"
    )
    return replace(made, **changes)


def test_a_worker_refuses_what_its_own_queues_bring() -> None:
    """Any effect; the id says which queue."""
    assert refused_by(refusal(), NONPROD)
    assert not refused_by(refusal(), PRODUCTION)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "the-id-of-a-request"},
        {"id": report_id(DEPLOY.id)},
        {"refused": f"{DELIVERY}:8:deploy:1"},
        {"service": ServiceKey("shipping", "package")},
        {"reason": "x" * 1001},
        {"id": refusal_id(f"{DELIVERY}:{'x' * 1000}", queue_of("deploy")), "refused": f"{DELIVERY}:{'x' * 1000}"},
    ],
)
def test_what_is_not_such_a_refusal_is_none(changes: Mapping[str, Any]) -> None:
    """Attack: under the id of somebody's request, that one would be taken for its second delivery; a ledger filled with a text."""
    assert not refused_by(refusal(**changes), NONPROD)


def test_each_worker_but_control_has_a_queue_of_reports_which_control_takes_from() -> None:
    """So that the queue says who reports."""
    found = {queue.reports_of: (name, queue.worker) for name, queue in QUEUES.items() if queue.reports_of}

    assert found == {worker: (reports_queue_of(worker), CONTROL) for worker in (NONPROD, PRODUCTION)}
    with pytest.raises(KeyError):
        reports_queue_of(CONTROL)
