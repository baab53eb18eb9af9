"""One effect: do it, report it, or put it off. Doing it twice is harmless; only the first report counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from shared.app.at_least_once import LONGEST_RETRY, retry_after, row_of, unsent_behind, used_up
from shared.app.handle_event import handle, send_again
from shared.app.parts import App
from shared.app.performing import building, facts, steps, tagging, telling
from shared.app.performing.outcome import LookAgain, NothingToReport, Performed, report_id
from shared.app.performing.worker import WrongWorker
from shared.codec.envelope import encode_effect
from shared.domain import effects as ef
from shared.domain.build import BuildOutcome, BuildResult
from shared.domain.delivery import Delivery
from shared.domain.events import EffectFailed, EffectRefused, ServiceEvent
from shared.domain.queues import NONPROD, queue_of
from shared.ports.errors import AdapterError, NotFound, Permanent, Transient
from shared.ports.store import Message, OutboxRow
from shared.telemetry import log_event

_TAGS_AGAIN = timedelta(minutes=1)

_PERFORMERS: Mapping[type[ef.Effect], Any] = {
    ef.Build: building.build,
    ef.CancelBuild: building.cancel,
    ef.LookAtBuild: building.look,
    ef.ReadTags: facts.read_tags,
    ef.Tag: tagging.tag,
    ef.AskApproval: telling.ask,
    ef.CloseApproval: telling.close,
    ef.SetStatus: telling.set_status,
}
# What acts on an environment is for the worker that holds its identity.
_ON_ENVIRONMENTS: Mapping[type[ef.Effect], Any] = {
    ef.GatherFacts: facts.gather,
    ef.Retag: steps.retag,
    ef.Deploy: steps.deploy,
    ef.Remove: steps.remove,
    ef.ObserveRollout: steps.observe,
}


def perform(app: App, effect: ef.ServiceEffect, delivery: Delivery) -> None:
    """Perform an effect and handle its report in the same go.

    Not finished, or out of reach: the effect is sent again with a delay. Raise what storage raises; then the message is delivered again.
    """
    tries, worker = 0, delivery.worker
    try:
        outcome = _perform(app, effect, delivery)
    except WrongWorker as error:
        refuse(app, effect, queue_of(effect.kind, worker), delivery, reason=str(error))
        return
    except Transient as error:
        tries = delivery.tries + 1
        log_event("effect.put_off", effect=effect.id, tries=tries, reason=str(error))
        if used_up(tries, app.timing):
            outcome = _given_up(app, effect, error, worker, ours=True)
        else:
            outcome = LookAgain(retry_after(tries, error, app.timing))
    except Permanent as error:
        log_event("effect.failed", effect=effect.id, ours=error.ours, reason=str(error))
        outcome = _given_up(app, effect, error, worker, ours=error.ours)
    if isinstance(outcome, LookAgain):
        if outcome.meanwhile is not None:
            handle(app, outcome.meanwhile, Delivery(correlation=delivery.correlation))
        _put_off(app, effect, delivery, tries, outcome.after)
    elif isinstance(outcome, NothingToReport):
        if not outcome.over:
            _done(app, effect, delivery)
    else:
        handle(app, outcome, delivery)


def refuse(app: App, effect: ef.ServiceEffect, queue: str, delivery: Delivery, *, reason: str) -> None:
    """Do nothing, and have the service's ledger say so: somebody has put the message where it does not belong.

    Nothing is taken out of the outbox, where the effect may stand for the worker that it does belong to.
    """
    log_event("effect.refused", effect=effect.id, queue=queue, reason=reason)
    event = EffectRefused(id=f"{effect.id}:refused:{queue}", service=effect.service, refused=effect.id, reason=reason)
    handle(app, event, Delivery(correlation=delivery.correlation))


def _perform(app: App, effect: ef.ServiceEffect, delivery: Delivery) -> Performed:
    performed: Performed
    if type(effect) in _ON_ENVIRONMENTS:
        performed = _ON_ENVIRONMENTS[type(effect)](app, effect, delivery.worker)
    elif delivery.worker != NONPROD:
        raise WrongWorker(f"the {delivery.worker} worker acts on its environments, and does nothing else")
    else:
        performed = _PERFORMERS[type(effect)](app, effect)
    return performed


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
        return LookAgain(LONGEST_RETRY)
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


def _put_off(app: App, effect: ef.ServiceEffect, delivery: Delivery, tries: int, after: timedelta) -> None:
    queue = queue_of(effect.kind, delivery.worker)
    body = encode_effect(effect, delivery.put_off(tries), at=app.now())
    if delivery.effect_number:
        row = OutboxRow(key=row_of(delivery.effect_number), message=Message(queue=queue, body=body))
        app.queues.put_off(str(effect.service), row, delay=after)
    else:
        app.queues.send(queue, body, delay=after)


def _done(app: App, effect: ef.ServiceEffect, delivery: Delivery) -> None:
    """Take an effect out of the outbox that no decision waits for."""
    service, number = str(effect.service), delivery.effect_number
    there = number > 0 and app.store.forget(service, [row_of(number)])
    if unsent_behind(delivery, there=there):
        send_again(app, service, app.store.read(service).outbox)
