"""What a queue brings: decode it, and give it to the use case that it is for.

`again` says that this very message, or one that it was put back as, was delivered before: whoever had it may have died,
or lost sight of storage, before it sent what it had decided.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta
from typing import cast

from shared.app.build_finished import build_finished
from shared.app.by_reference import whole
from shared.app.handle_event import handle
from shared.app.inspect_push import inspect_push
from shared.app.manifest_deleted import manifest_deleted
from shared.app.parts import App
from shared.app.perform_effect import perform, refuse
from shared.app.tag_pushed import tag_pushed
from shared.codec.envelope import Message, encode_effect, read_message
from shared.codec.errors import HalfWritten, UnreadableRecord
from shared.domain.errors import SlipwayError
from shared.domain.events import BuildFinished, ManifestDeleted, PushReceived, ServiceEvent, TagPushed
from shared.domain.queues import EVENTS_QUEUE, INSPECT_QUEUE, QUEUES, Queue
from shared.domain.records import type_name
from shared.ports.errors import Transient
from shared.ports.store import StaleService, StoreRefused, StoreUnavailable
from shared.telemetry import about, log_event, span

_NEWER = timedelta(minutes=5)
_RETRY = timedelta(seconds=5)


class Misplaced(SlipwayError):
    """A queue that is for effects brought an event; nobody sends that."""


def take_message(app: App, queue: str, body: str, *, again: bool = False) -> None:
    """Do what a message of a queue asks for, as the worker that takes from it; raise KeyError for an unknown queue.

    Of the doors' events a repository's push goes on to a queue of its own: reading it takes a while.
    """
    row = QUEUES[queue]
    try:
        message = read_message(whole(app, body))
    except Exception as error:
        if not _put_back(app, queue, body, error):
            raise
        return
    with about(correlation=message.correlation, queue=queue):
        try:
            with _span_of(message, queue):
                _act(app, row, body, message, again or message.tries > 0)
        except Exception as error:
            if not _put_back(app, queue, _once_more(body, message), error):
                raise


def _put_back(app: App, queue: str, body: str, error: Exception) -> bool:
    """Put a message off if what stands in its way goes by itself, and the queue can be reached.

    Azure's host would count it as a failure: five of them are poison, and an hour without tables must not make releases
    errored.
    """
    delay = _worth_waiting_for(error)
    if delay is None:
        return False
    try:
        app.queues.send(queue, body, delay=delay)
    except StoreUnavailable:
        return False
    newer = isinstance(error, UnreadableRecord) and error.newer
    log_event("message.newer" if newer else "message.put_off", queue=queue, reason=str(error))
    return True


def _once_more(body: str, message: Message) -> str:
    """Write a message for another delivery; an effect's says that it is not the first: see `again`.

    What the effect had led to may be committed without our knowing, and not be sent. However often storage puts it off,
    that is one try of those that it has.
    """
    if message.effect is None or message.tries:
        return body
    return encode_effect(message.effect, correlation=message.correlation, at=message.at, tries=1, order=message.order)


def _worth_waiting_for(error: Exception) -> timedelta | None:
    """Say how long it is worth waiting before a message is tried again; None where trying again mends nothing."""
    match error:
        case StoreRefused():
            return None
        case StoreUnavailable():
            return error.retry_after
        case Transient():
            return error.retry_after or _RETRY
        case StaleService() | HalfWritten():
            # Rows that are being written are whole in a moment; if their writer died, the tick finishes its work.
            return _RETRY
        case UnreadableRecord():
            # A newer Slipway wrote it; an upgraded worker will read it.
            return _NEWER if error.newer else None
        case _:
            return None


def _span_of(message: Message, queue: str) -> AbstractContextManager[None]:
    if message.effect is None:
        return span(f"take {queue}", message.correlation)
    effect = message.effect
    return span(
        type_name(effect), message.correlation, service=str(effect.service), effect=effect.id, tries=message.tries
    )


def _act(app: App, queue: Queue, body: str, message: Message, again: bool) -> None:
    effect, tries, correlation = message.effect, message.tries, message.correlation
    if effect is None:
        _take_event(app, queue, body, message)
    elif effect.kind in queue.kinds:
        perform(
            app, effect, tries=tries, correlation=correlation, order=message.order, worker=queue.worker, again=again
        )
    else:
        refuse(app, effect, queue.name, reason=f"{queue.name} is not where such effects lie", correlation=correlation)


def _take_event(app: App, queue: Queue, body: str, message: Message) -> None:
    event = message.event
    if queue.name not in (EVENTS_QUEUE, INSPECT_QUEUE):
        raise Misplaced(f"{queue.name} brought an event, and is for effects")
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
        handle(app, cast(ServiceEvent, event), correlation=message.correlation)
