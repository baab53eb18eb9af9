"""One effect: do it, report it, or put it off. Doing it twice is harmless; only the first report counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from shared.app.handle_event import handle, row_of, send_again
from shared.app.parts import App
from shared.app.performing import building, facts, steps, tagging, telling
from shared.app.performing.outcome import LookAgain, NothingToReport, Performed, report_id
from shared.app.performing.worker import WrongWorker
from shared.codec.envelope import encode_effect
from shared.domain import effects as ef
from shared.domain.build import BuildOutcome, BuildResult
from shared.domain.events import EffectFailed, EffectRefused, ServiceEvent
from shared.domain.queues import NONPROD, queue_of
from shared.ports.errors import AdapterError, NotFound, Permanent, Transient
from shared.ports.store import Message, OutboxRow
from shared.telemetry import log_event

_LONGEST_RETRY = timedelta(minutes=5)
_TAGS_AGAIN = timedelta(minutes=1)

_PERFORMERS: Mapping[type[ef.Effect], Any] = {
    ef.Build: building.build,
    ef.CancelBuild: building.cancel,
    ef.LookAtBuild: building.look,
    ef.ReadTags: facts.read_tags,
    ef.Tag: tagging.tag,
    ef.AskApproval: telling.ask,
    ef.CloseApproval: telling.close,
}
# What acts on an environment is for the worker that holds its identity.
_ON_ENVIRONMENTS: Mapping[type[ef.Effect], Any] = {
    ef.GatherFacts: facts.gather,
    ef.Retag: steps.retag,
    ef.Deploy: steps.deploy,
    ef.Remove: steps.remove,
    ef.ObserveRollout: steps.observe,
}


def perform(
    app: App,
    effect: ef.ServiceEffect,
    *,
    tries: int,
    correlation: str,
    order: int = 0,
    worker: str = NONPROD,
    again: bool = False,
) -> None:
    """Perform an effect and handle its report in the same go; `again` where its message was delivered before.

    Not finished, or out of reach: the effect is sent again with a delay. Raise what storage raises; then the message is delivered again.
    """
    try:
        outcome = _perform(app, effect, order, worker)
        tries = 0
    except WrongWorker as error:
        refuse(app, effect, queue_of(effect.kind, worker), reason=str(error), correlation=correlation)
        return
    except Transient as error:
        tries += 1
        log_event("effect.put_off", effect=effect.id, tries=tries, reason=str(error))
        used_up = tries >= app.timing.most_tries
        outcome = _given_up(app, effect, error, worker, ours=True) if used_up else _later(app, tries, error)
    except Permanent as error:
        log_event("effect.failed", effect=effect.id, ours=error.ours, reason=str(error))
        outcome = _given_up(app, effect, error, worker, ours=error.ours)
    if isinstance(outcome, LookAgain):
        if outcome.meanwhile is not None:
            handle(app, outcome.meanwhile, correlation=correlation)
        _put_off(app, effect, correlation, tries, order, outcome.after, worker)
    elif isinstance(outcome, NothingToReport):
        _done(app, effect, order, again or not order, over=outcome.over)
    else:
        handle(app, outcome, correlation=correlation, order=order, again=again)


def refuse(app: App, effect: ef.ServiceEffect, queue: str, *, reason: str, correlation: str) -> None:
    """Do nothing, and have the service's ledger say so: somebody has put the message where it does not belong.

    Nothing is taken out of the outbox, where the effect may stand for the worker that it does belong to.
    """
    log_event("effect.refused", effect=effect.id, queue=queue, reason=reason)
    event = EffectRefused(id=f"{effect.id}:refused:{queue}", service=effect.service, refused=effect.id, reason=reason)
    handle(app, event, correlation=correlation)


def _perform(app: App, effect: ef.ServiceEffect, order: int, worker: str) -> Performed:
    performed: Performed
    if type(effect) in _ON_ENVIRONMENTS:
        performed = _ON_ENVIRONMENTS[type(effect)](app, effect, worker)
    elif worker != NONPROD:
        raise WrongWorker(f"the {worker} worker acts on its environments, and does nothing else")
    elif isinstance(effect, ef.SetStatus):
        performed = telling.set_status(app, effect, order)
    else:
        performed = _PERFORMERS[type(effect)](app, effect)
    return performed


def _later(app: App, tries: int, error: Transient) -> LookAgain:
    """Back off twice as long each time, or as long as the outside said."""
    return LookAgain(min(error.retry_after or app.timing.first_retry * 2 ** (tries - 1), _LONGEST_RETRY))


def _given_up(
    app: App, effect: ef.ServiceEffect, error: Transient | Permanent, worker: str, *, ours: bool
) -> Performed:
    """Report a failure where a phase waits for one; ask again for what somebody waits for; leave what only informs."""
    if isinstance(effect, ef.Build):
        outcome = BuildOutcome.ERRORED if ours else BuildOutcome.FAILED
        return building.reported(effect, BuildResult(outcome=outcome, reason=str(error)))
    if isinstance(effect, ef.Retag | ef.Deploy | ef.ObserveRollout):
        # An artifact that is gone from the registry was taken away, not badly made.
        lost = isinstance(effect, ef.Retag) and isinstance(error, NotFound)
        changed = _may_have_written(app, effect, error, worker)
        return _failed(effect, effect.attempt, error, ours=ours or lost, changed=changed)
    if isinstance(effect, ef.Tag):
        return tagging.failed(effect, error)
    if isinstance(effect, ef.GatherFacts):
        return _failed(effect, effect.asked, error, ours=ours)
    if isinstance(effect, ef.ReadTags):
        return LookAgain(_TAGS_AGAIN)
    unreached = isinstance(effect, ef.AskApproval) and isinstance(error, Transient)
    if unreached or isinstance(effect, ef.Remove):
        return LookAgain(_LONGEST_RETRY)
    return NothingToReport()


def _failed(
    effect: ef.GatherFacts | ef.Retag | ef.Deploy | ef.ObserveRollout,
    attempt: int,
    error: Exception,
    *,
    ours: bool,
    changed: bool = False,
) -> ServiceEvent:
    return EffectFailed(
        id=report_id(effect.id),
        service=effect.service,
        effect=effect.id,
        number=effect.number,
        attempt=attempt,
        reason=str(error),
        ours=ours,
        changed=changed,
    )


def _may_have_written(
    app: App, effect: ef.Retag | ef.Deploy | ef.ObserveRollout, error: Exception, worker: str
) -> bool:
    """What refused to begin changed nothing, unless an earlier try of it was cut short after it had written."""
    if not isinstance(effect, ef.Deploy):
        return isinstance(effect, ef.ObserveRollout)
    if not isinstance(error, Permanent):
        return True
    try:
        return steps.has_written(app, effect, worker)
    except AdapterError:
        return True


def _put_off(
    app: App, effect: ef.ServiceEffect, correlation: str, tries: int, order: int, delay: timedelta, worker: str
) -> None:
    queue = queue_of(effect.kind, worker)
    body = encode_effect(effect, correlation=correlation, at=app.now(), tries=tries, order=order)
    if order:
        row = OutboxRow(key=row_of(order), message=Message(queue=queue, body=body))
        app.queues.put_off(str(effect.service), row, delay=delay)
    else:
        app.queues.send(queue, body, delay=delay)


def _done(app: App, effect: ef.ServiceEffect, order: int, again: bool, *, over: bool) -> None:
    """Take an effect out of the outbox.

    One that is not there any more was performed before. If by this very message, a crash may have kept back what its
    report had led to, and nobody else would send it; if by a copy of it, whoever had that one has seen to it.
    """
    service = str(effect.service)
    there = over or (order and app.store.forget(service, [row_of(order)]))
    if again and not there:
        send_again(app, service, app.store.read(service).outbox)
