"""What a queue brings: decode it, and give it to the use case that it is for.

`again` says that this very message, or one that it was put back as, was delivered before: whoever had it may have died,
or lost sight of storage, before it sent what it had decided.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta
from typing import cast

from shared.app.handle_event import handle
from shared.app.inspect_push import inspect_push
from shared.app.manifest_deleted import manifest_deleted
from shared.app.parts import App
from shared.app.perform_effect import perform, refuse
from shared.app.tag_pushed import tag_pushed
from shared.codec.envelope import Message, encode_effect, read_message, referred_to, type_name
from shared.codec.errors import HalfWritten, UnreadableRecord
from shared.domain.effects import INSPECT, NONPROD, queue_of
from shared.domain.errors import SlipwayError
from shared.domain.events import ManifestDeleted, PushReceived, ServiceEvent, TagPushed
from shared.ports.errors import Transient
from shared.ports.store import StaleService, StoreRefused, StoreUnavailable
from shared.telemetry import about, log_event, span

_NEWER = timedelta(minutes=5)
_RETRY = timedelta(seconds=5)


EVENTS = "events"


class Misplaced(SlipwayError):
    """A queue that is for effects brought an event; nobody sends that."""


def take_event(app: App, body: str, *, again: bool = False) -> None:
    """Handle a message of the doors' queue. A repository's push goes on to its own queue: reading it takes a while."""
    _take(app, EVENTS, body, NONPROD, again)


def take_effect(app: App, kind: str, body: str, worker: str = NONPROD, *, again: bool = False) -> None:
    """Perform a message of an effect's queue, or inspect a push, as one of the workers."""
    _take(app, kind, body, worker, again)


def _take(app: App, kind: str, body: str, worker: str, again: bool) -> None:
    queue = queue_of(kind, worker)
    try:
        message = read_message(_whole(app, body))
    except UnreadableRecord as error:
        _newer(app, queue, body, error)
        return
    except StoreRefused:
        raise
    except StoreUnavailable as error:
        _put_back(app, queue, body, error)
        return
    with about(correlation=message.correlation, queue=queue):
        try:
            with _span_of(message, queue):
                _act(app, kind, body, message, worker, again or message.tries > 0)
        except (Transient, StaleService, HalfWritten) as error:
            # Rows that are being written are whole in a moment; if their writer died, the tick finishes its work.
            log_event("message.put_off", reason=str(error))
            app.queues.send(queue, _once_more(body, message), delay=getattr(error, "retry_after", None) or _RETRY)
        except StoreRefused:
            raise
        except StoreUnavailable as error:
            _put_back(app, queue, _once_more(body, message), error)
        except UnreadableRecord as error:
            _newer(app, queue, body, error)


def _put_back(app: App, queue: str, body: str, error: StoreUnavailable) -> None:
    """Put off what met a store out of reach, if the queue can be reached: Azure's host would count it as a failure.

    Five of them are poison, and an hour without tables must not make releases errored.
    """
    try:
        app.queues.send(queue, body, delay=error.retry_after)
    except StoreUnavailable:
        raise error from None
    log_event("message.put_off", reason=str(error))


def _once_more(body: str, message: Message) -> str:
    """Write a message for another delivery; an effect's says that it is not the first: see `again`.

    What the effect had led to may be committed without our knowing, and not be sent. However often storage puts it off,
    that is one try of those that it has.
    """
    if message.effect is None or message.tries:
        return body
    return encode_effect(message.effect, correlation=message.correlation, at=message.at, tries=1, order=message.order)


def _newer(app: App, queue: str, body: str, error: UnreadableRecord) -> None:
    if not error.newer:
        raise error
    # A newer Slipway wrote it; an upgraded worker will read it.
    log_event("message.newer", queue=queue, reason=str(error))
    app.queues.send(queue, body, delay=_NEWER)


def _span_of(message: Message, queue: str) -> AbstractContextManager[None]:
    if message.effect is None:
        return span(f"take {queue}", message.correlation)
    effect = message.effect
    return span(
        type_name(effect), message.correlation, service=str(effect.service), effect=effect.id, tries=message.tries
    )


def _act(app: App, kind: str, body: str, message: Message, worker: str, again: bool) -> None:
    effect, tries, correlation = message.effect, message.tries, message.correlation
    if effect is None:
        _take_event(app, kind, body, message)
    elif effect.kind == kind:
        perform(app, effect, tries=tries, correlation=correlation, order=message.order, worker=worker, again=again)
    else:
        queue = queue_of(kind, worker)
        refuse(app, effect, queue, reason=f"{queue} is not where such effects lie", correlation=correlation)


def _whole(app: App, body: str) -> str:
    """Return what a message says; one that was too large for its queue was kept as evidence. Raise NotFound."""
    sha256 = referred_to(body)
    return body if sha256 is None else app.evidence.get(sha256).decode()


def _take_event(app: App, kind: str, body: str, message: Message) -> None:
    event = message.event
    if kind not in (EVENTS, INSPECT):
        raise Misplaced(f"{kind} brought an event, and is for effects")
    if isinstance(event, PushReceived) and kind != INSPECT:
        app.queues.send(queue_of(INSPECT), body)
    elif isinstance(event, PushReceived):
        inspect_push(app, event)
    elif isinstance(event, TagPushed):
        tag_pushed(app, event)
    elif isinstance(event, ManifestDeleted):
        manifest_deleted(app, event)
    else:
        handle(app, cast(ServiceEvent, event), correlation=message.correlation)
