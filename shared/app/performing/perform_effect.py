"""One effect: do it, report it, or put it off. Doing it twice is harmless; only the first report counts."""

from __future__ import annotations

from datetime import timedelta
from typing import assert_never

from shared.app.handling.at_least_once import LONGEST_RETRY, retry_after, row_of, used_up
from shared.app.parts import App
from shared.app.performing import building, facts, notifying, steps, tagging, watching
from shared.app.performing.outcome import LookAgain, NothingToReport, Performed
from shared.app.performing.worker import WrongWorker
from shared.codec.envelope import encode_effect
from shared.domain.messages import effects as ef
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.events import EffectDone, EffectFailed, EffectRefused
from shared.domain.messages.queues import queue_of, taker_of
from shared.domain.messages.reports import refusal_id, report_id
from shared.domain.state.build import BuildOutcome, BuildResult
from shared.ports.applier import Busy
from shared.ports.errors import AdapterError, NotFound, Permanent, Transient
from shared.ports.store import Message, OutboxRow
from shared.telemetry import log_event

_TAGS_AGAIN = timedelta(minutes=1)
_BUSY = timedelta(seconds=5)


def perform(app: App, effect: ef.ServiceEffect, delivery: Delivery) -> None:
    """Perform an effect and report it.

    Not finished, or out of reach: the effect is sent again with a delay. Raise what storage raises; then the message is delivered again.
    """
    tries, worker = 0, delivery.worker
    try:
        outcome = _perform(app, effect, delivery)
    except WrongWorker as error:
        refuse(app, effect, queue_of(effect.kind, worker), delivery, reason=str(error))
        return
    except Busy as error:
        log_event("effect.put_off", effect=effect.id, tries=delivery.tries, reason=str(error))
        tries, outcome = delivery.tries, LookAgain(error.retry_after or _BUSY)
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
            app.report(outcome.meanwhile, delivery)
        _put_off(app, effect, delivery, tries, outcome.after)
    elif isinstance(outcome, NothingToReport):
        if not outcome.over:
            done = EffectDone(id=report_id(effect.id), service=effect.service, effect=effect.id)
            app.report(done, delivery)
    else:
        app.report(outcome, delivery)


def refuse(app: App, effect: ef.ServiceEffect, queue: str, delivery: Delivery, *, reason: str) -> None:
    """Do nothing, and have the service's ledger say so: somebody has put the message where it does not belong.

    Nothing is taken out of the outbox, where the effect may stand for the worker that it does belong to.
    """
    log_event("effect.refused", effect=effect.id, queue=queue, reason=reason)
    event = EffectRefused(id=refusal_id(effect.id, queue), service=effect.service, refused=effect.id, reason=reason)
    app.report(event, Delivery(correlation=delivery.correlation, worker=delivery.worker))


def _perform(app: App, effect: ef.ServiceEffect, delivery: Delivery) -> Performed:  # noqa: C901 - a case for each effect
    if isinstance(effect, ef.EnvironmentEffect):
        return _perform_there(app, effect, delivery.worker)
    if delivery.worker != taker_of(effect.kind):
        raise WrongWorker(f"the {delivery.worker} worker acts on its environments, and does nothing else")
    match effect:
        case ef.Build():
            return building.build(app, effect)
        case ef.CancelBuild():
            return building.cancel(app, effect)
        case ef.LookAtBuild():
            return building.look(app, effect)
        case ef.ReadTags():
            return facts.read_tags(app, effect)
        case ef.Tag():
            return tagging.tag(app, effect)
        case ef.AskApproval():
            return notifying.ask(app, effect)
        case ef.CloseApproval():
            return notifying.close(app, effect)
        case ef.SetStatus():
            return notifying.set_status(app, effect)
        case _:
            assert_never(effect)


def _perform_there(app: App, effect: ef.EnvironmentEffect, worker: str) -> Performed:
    match effect:
        case ef.GatherFacts():
            return facts.gather(app, effect, worker)
        case ef.Retag():
            return steps.retag(app, effect, worker)
        case ef.Deploy():
            return steps.deploy(app, effect, worker)
        case ef.Remove():
            return steps.remove(app, effect, worker)
        case ef.ObserveRollout():
            return watching.observe(app, effect, worker)
        case _:
            assert_never(effect)


def _given_up(
    app: App, effect: ef.ServiceEffect, error: Transient | Permanent, worker: str, *, ours: bool
) -> Performed:
    """Report a failure where a phase waits for one; ask again for what somebody waits for; leave what only informs."""
    match effect:
        case ef.Build():
            outcome = BuildOutcome.ERRORED if ours else BuildOutcome.FAILED
            return building.reported(effect, BuildResult(outcome=outcome, reason=str(error)))
        case ef.Retag() | ef.Deploy() | ef.ObserveRollout():
            # An artifact that is gone from the registry was taken away, not badly made.
            lost = isinstance(effect, ef.Retag) and isinstance(error, NotFound)
            changed = _may_have_written(app, effect, error, worker)
            return _failed(effect, effect.attempt, error, ours=ours or lost, changed=changed)
        case ef.Tag():
            return tagging.failed(effect, error)
        case ef.GatherFacts():
            return _failed(effect, effect.asked, error, ours=ours)
        case ef.ReadTags():
            return LookAgain(_TAGS_AGAIN)
        case ef.Remove():
            return LookAgain(LONGEST_RETRY)
        case ef.AskApproval():
            return LookAgain(LONGEST_RETRY) if isinstance(error, Transient) else NothingToReport()
        case ef.CancelBuild() | ef.LookAtBuild() | ef.CloseApproval() | ef.SetStatus():
            return NothingToReport()
        case _:
            assert_never(effect)


def _failed(
    effect: ef.GatherFacts | ef.Retag | ef.Deploy | ef.ObserveRollout,
    attempt: int,
    error: Exception,
    *,
    ours: bool,
    changed: bool = False,
) -> EffectFailed:
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
