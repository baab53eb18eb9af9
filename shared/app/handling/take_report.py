"""What a worker reports of an effect that it performed: in one process at once, in the thread and transaction of its message."""

from __future__ import annotations

from shared.app.handling.at_least_once import row_of, unsent_behind
from shared.app.handling.handle_event import handle, send_again
from shared.app.parts import App
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.events import EffectDone, Report


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
