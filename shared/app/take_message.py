"""What a queue brings: decode it, and give it to the use case that it is for."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from shared.app.handle_event import handle
from shared.app.inspect_push import inspect_push
from shared.app.parts import App
from shared.app.perform_effect import perform
from shared.app.tag_pushed import tag_pushed
from shared.codec.envelope import read_message
from shared.codec.errors import HalfWritten, UnreadableRecord
from shared.domain.effects import INSPECT, queue_of
from shared.domain.events import PushReceived, ServiceEvent, TagPushed
from shared.ports.errors import Transient
from shared.ports.store import StaleService
from shared.telemetry import log_event

_NEWER = timedelta(minutes=5)
_RETRY = timedelta(seconds=5)


def take_event(app: App, body: str) -> None:
    """Handle a message of the doors' queue. A repository's push goes on to its own queue: reading it takes a while."""
    _take(app, "events", body)


def take_effect(app: App, kind: str, body: str) -> None:
    """Perform a message of an effect's queue, or inspect a push."""
    _take(app, kind, body)


def _take(app: App, kind: str, body: str) -> None:
    try:
        message = read_message(body)
        event, effect = message.event, message.effect
        if effect is not None:
            perform(app, effect, tries=message.tries, correlation=message.correlation, order=message.order)
        elif isinstance(event, PushReceived) and kind != INSPECT:
            app.queues.send(queue_of(INSPECT), body)
        elif isinstance(event, PushReceived):
            inspect_push(app, event)
        elif isinstance(event, TagPushed):
            tag_pushed(app, event)
        else:
            handle(app, cast(ServiceEvent, event), correlation=message.correlation)
    except (Transient, StaleService, HalfWritten) as error:
        # Rows that are being written are whole in a moment; if their writer died, the tick finishes its work.
        log_event("message.put_off", kind=kind, reason=str(error))
        app.queues.send(queue_of(kind), body, delay=getattr(error, "retry_after", None) or _RETRY)
    except UnreadableRecord as error:
        if not error.newer:
            raise
        # A newer Slipway wrote it; an upgraded worker will read it.
        log_event("message.newer", kind=kind, reason=str(error))
        app.queues.send(queue_of(kind), body, delay=_NEWER)
