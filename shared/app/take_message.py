"""What a queue brings: decode it, and give it to the use case that it is for."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import cast

from shared.app.handling.at_least_once import put_back_after
from shared.app.handling.by_reference import whole
from shared.app.handling.handle_event import handle
from shared.app.handling.take_report import take_sent_report
from shared.app.hook_events.build_finished import build_finished
from shared.app.hook_events.inspect_push import inspect_push
from shared.app.hook_events.manifest_deleted import manifest_deleted
from shared.app.hook_events.tag_pushed import tag_pushed
from shared.app.parts import App
from shared.app.performing.perform_effect import perform, refuse
from shared.codec.envelope import ReadMessage, encode_effect, encode_report, read_message
from shared.codec.errors import UnreadableRecord
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.events import (
    BuildFinished,
    EffectDone,
    ManifestDeleted,
    PushReceived,
    ServiceEvent,
    TagPushed,
)
from shared.domain.messages.queues import EVENTS_QUEUE, INSPECT_QUEUE, QUEUES, Queue
from shared.domain.messages.reports import REPORTS
from shared.domain.values.errors import SlipwayError
from shared.domain.values.records import type_name
from shared.ports.store import StoreUnavailable
from shared.telemetry import about, exporting, log_event, span


class Misplaced(SlipwayError):
    """A queue brought what is not for it; nobody sends that."""


def take_message(app: App, queue: str, body: str, *, redelivered: bool = False) -> None:
    """Do what a message of a queue asks for, as the worker that takes from it; raise KeyError for an unknown queue.

    `redelivered`: the queue delivered this very message before.
    Of the doors' events a repository's push goes on to a queue of its own: reading it takes a while.
    """
    row = QUEUES[queue]
    try:
        message = read_message(whole(app, body))
    except Exception as error:
        if not _put_back(app, queue, body, error):
            raise
        return
    delivery = message.delivery.taken(row.worker, redelivered=redelivered)
    with about(correlation=delivery.correlation, queue=queue):
        try:
            with _span_of(message, queue):
                _act(app, row, body, message, delivery)
        except Exception as error:
            if not _put_back(app, queue, _once_more(row, body, message), error):
                raise


def _put_back(app: App, queue: str, body: str, error: Exception) -> bool:
    """Put a message off if what stands in its way goes by itself, and the queue can be reached."""
    delay = put_back_after(error)
    if delay is None:
        return False
    try:
        app.queues.send(queue, body, delay=delay)
    except StoreUnavailable:
        return False
    newer = isinstance(error, UnreadableRecord) and error.newer
    log_event("message.newer" if newer else "message.put_off", queue=queue, reason=str(error))
    return True


def _once_more(queue: Queue, body: str, message: ReadMessage) -> str:
    """Write a message for another delivery; an effect's, and a report, says that it is not the first.

    What it had led to may be committed without our knowing, and not be sent.
    """
    if message.delivery.redelivered:
        return body
    if message.effect is not None:
        return encode_effect(message.effect, message.delivery.put_back(), at=message.at)
    if queue.reports_of and isinstance(message.event, REPORTS):
        return encode_report(message.event, message.delivery.put_back(), at=message.at)
    return body


def _span_of(message: ReadMessage, queue: str) -> AbstractContextManager[None]:
    effect, delivery = message.effect, message.delivery
    if not exporting():
        return nullcontext()
    if effect is None:
        return span(f"take {queue}", delivery.correlation)
    return span(
        type_name(effect), delivery.correlation, service=str(effect.service), effect=effect.id, tries=delivery.tries
    )


def _act(app: App, queue: Queue, body: str, message: ReadMessage, delivery: Delivery) -> None:
    effect = message.effect
    if queue.reports_of:
        _take_reported(app, queue, message, delivery)
    elif effect is None:
        _take_event(app, queue, body, message)
    elif effect.kind in queue.kinds:
        perform(app, effect, delivery)
    else:
        refuse(app, effect, queue.name, delivery, reason=f"{queue.name} is not where such effects lie")


def _take_reported(app: App, queue: Queue, message: ReadMessage, delivery: Delivery) -> None:
    if not isinstance(message.event, REPORTS):
        raise Misplaced(f"{queue.name} brought what no worker reports")
    take_sent_report(app, queue, message.event, delivery)


def _take_event(app: App, queue: Queue, body: str, message: ReadMessage) -> None:
    event = message.event
    if queue.name not in (EVENTS_QUEUE, INSPECT_QUEUE):
        raise Misplaced(f"{queue.name} brought an event, and is for effects")
    if isinstance(event, EffectDone):
        raise Misplaced(f"{queue.name} brought {type_name(event)}, and is for no reports of workers")
    if isinstance(event, PushReceived) and queue.name == EVENTS_QUEUE:
        app.queues.send(INSPECT_QUEUE, body)
    elif isinstance(event, PushReceived):
        inspect_push(app, event, at=message.at)
    elif isinstance(event, BuildFinished):
        build_finished(app, event)
    elif isinstance(event, TagPushed):
        tag_pushed(app, event)
    elif isinstance(event, ManifestDeleted):
        manifest_deleted(app, event)
    else:
        # Whoever may write here reports no effect: a number would take one out of the outbox.
        handle(app, cast(ServiceEvent, event), Delivery(correlation=message.delivery.correlation))
