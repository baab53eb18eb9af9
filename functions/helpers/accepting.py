"""What every hook does: who sends, how much, what it says; then all of it is queued, or the sender tries again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import azure.functions as func

from functions.helpers.answers import headers_of, json_answer
from shared.bootstrap import app, settings
from shared.domain.messages.queues import EVENTS_QUEUE

if TYPE_CHECKING:
    from shared.domain.messages.events import HookEvent


def accept(
    req: func.HttpRequest,
    secrets: Iterable[str],
    read: Callable[[bytes], Sequence[HookEvent]],
    *,
    bearer: bool = False,
    headers: Mapping[str, str] | None = None,
) -> func.HttpResponse:
    """Queue every event of a hook's body and answer 202. Raise Unacceptable before anything is queued.

    `headers` are those of the request where nothing else is given. What an event means is the worker's business: a sender that is told no may never send again.
    """
    from shared.app.views.answers import AcceptedView
    from shared.inbound.json_body import check_plain, check_size
    from shared.inbound.secrets import check_secret

    check_secret(headers_of(req) if headers is None else headers, secrets, bearer=bearer)
    check_plain(headers_of(req))
    body = req.get_body()
    check_size(body, settings().max_body)
    events = read(body)
    put(events)
    return json_answer(AcceptedView(accepted=len(events)), status=202)


def put(events: Sequence[HookEvent]) -> None:
    """Queue events that a door took in, all of them written before the first is sent; raise what the queues raise."""
    from shared.codec.envelope import encode_event
    from shared.domain.values.records import type_name
    from shared.telemetry import log_event, record, started

    now, began = app().now(), started()
    for message in [encode_event(event, correlation=event.id, at=now) for event in events]:
        app().queues.send(EVENTS_QUEUE, message)
    for event in events:
        log_event("hook.accepted", correlation=event.id, type=type_name(event))
        record(type_name(event), event.id, began, first=True)
