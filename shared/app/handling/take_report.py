"""What a worker reports of an effect that it performed, taken by whoever decides.

In one process that is done at once, in the thread and transaction of the effect's message. A worker that is a process of its
own decides nothing: its reports come by a queue, which says whose they are, and are taken where the outbox has asked for
them. Others are recorded and change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.app.handling.at_least_once import row_of, unsent_behind
from shared.app.handling.handle_event import Guard, handle, send_again
from shared.app.handling.loaded_service import view_of
from shared.app.parts import App
from shared.codec.envelope import read_message
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.events import EffectDone, EffectRefused
from shared.domain.messages.queues import Queue
from shared.domain.messages.reports import (
    MISPLACED,
    NOT_THEIRS,
    Report,
    ReportObjection,
    objection,
    refusal_id,
    refused_by,
)
from shared.domain.state.release import ServiceState
from shared.domain.values.records import replace
from shared.ports.store import Message
from shared.telemetry import log_event

_LONGEST_CORRELATION = 1000


def take_report(app: App, event: Report, delivery: Delivery) -> None:
    """Decide on a report; raise what storage raises, and then whoever reports does so again."""
    if isinstance(event, EffectDone):
        _done(app, event, delivery)
    else:
        handle(app, event, delivery)


def _done(app: App, event: EffectDone, delivery: Delivery) -> None:
    service, number = str(event.service), delivery.effect_number
    there = number > 0 and app.store.forget(service, [row_of(number)])
    if unsent_behind(delivery, there=there):
        send_again(app, service, app.store.read(service).outbox)


def take_sent_report(app: App, queue: Queue, event: Report, delivery: Delivery) -> None:
    """Decide on a report that a worker's queue brought, if it is that worker's to make; else have it recorded."""
    delivery = replace(delivery, correlation=delivery.correlation[:_LONGEST_CORRELATION])
    if isinstance(event, EffectRefused):
        _take_refusal(app, queue, event, delivery)
        return
    guard = _guard(app, queue.reports_of, event, delivery)
    if isinstance(event, EffectDone):
        against = _against(app, event, guard)
        if against is None:
            _done(app, event, delivery)
        elif delivery.redelivered:
            send_again(app, str(event.service), app.store.read(str(event.service)).outbox)
    else:
        handled = handle(app, event, delivery, guard=guard)
        against = ReportObjection(handled.code, handled.reason, handled.about)
    if against is not None and against.code in (MISPLACED, NOT_THEIRS):
        _record(app, queue, event, delivery, against)


def _guard(app: App, worker: str, event: Report, delivery: Delivery) -> Guard:
    def guard(state: ServiceState, outbox: Mapping[str, Message]) -> ReportObjection | None:
        row = outbox.get(row_of(delivery.effect_number))
        effect, queue = (read_message(row.body).effect, row.queue) if row is not None else (None, "")
        return objection(event, effect, queue, worker=worker, state=state, production=app.production)

    return guard


def _against(app: App, event: Report, guard: Guard) -> ReportObjection | None:
    loaded = app.store.read(str(event.service), exact=False)
    return guard(view_of(event.service, loaded).state, loaded.outbox)


def _take_refusal(app: App, queue: Queue, event: EffectRefused, delivery: Delivery) -> None:
    """Have the ledger say it, of a service that there is: nobody's message makes one."""
    service = str(event.service)
    if refused_by(event, queue.reports_of) and app.store.sequences([service])[service]:
        handle(app, event, Delivery(correlation=delivery.correlation))
    else:
        log_event("report.refused", service=service, queue=queue.name, reason="no worker refuses an effect so")


def _record(app: App, queue: Queue, event: Report, delivery: Delivery, against: ReportObjection) -> None:
    """Say in the service's ledger that a report was not taken, once of each effect."""
    log_event("report.refused", service=str(event.service), queue=queue.name, reason=against.reason)
    refused = EffectRefused(
        id=refusal_id(against.effect, queue.name), service=event.service, refused=against.effect, reason=against.reason
    )
    handle(app, refused, Delivery(correlation=delivery.correlation))
    if against.code == NOT_THEIRS:
        # The worker was asked, and is done with it; whoever it is for now is asked anew.
        app.store.forget(str(event.service), [row_of(delivery.effect_number)])


def effect_of(app: App, queue: Queue, event: Report, delivery: Delivery) -> str:
    """Name the effect that a report would be the end of, if it were taken; empty where it would not be."""
    effect = getattr(event, "effect", "")
    if not effect or _against(app, event, _guard(app, queue.reports_of, event, delivery)) is not None:
        return ""
    return str(effect)
