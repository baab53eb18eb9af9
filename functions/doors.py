"""What every hook does: who sends, how much, what it says; then all of it is queued, or the sender tries again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import azure.functions as func

from functions.answers import headers_of, json_answer

if TYPE_CHECKING:
    from shared.domain.events import OutsideEvent


def accept(
    req: func.HttpRequest,
    secret: str,
    read: Callable[[bytes], Sequence[OutsideEvent]],
    *,
    bearer: bool = False,
) -> func.HttpResponse:
    """Queue every event of a hook's body and answer 202. Raise Unacceptable before anything is queued.

    What an event means is the worker's business: a sender that is told no may never send again.
    """
    from shared.app.views.answers import AcceptedView
    from shared.app.views.plain import plain
    from shared.bootstrap import app, settings
    from shared.codec.envelope import encode_event
    from shared.domain.effects import EVENTS_QUEUE
    from shared.inbound.json_body import check_size
    from shared.inbound.secrets import check_secret
    from shared.telemetry import log_event

    check_secret(headers_of(req), secret, bearer=bearer)
    body = req.get_body()
    check_size(body, settings().max_body)
    events = read(body)
    now = app().now()
    messages = [encode_event(event, correlation=event.id, at=now) for event in events]
    for message in messages:
        app().queues.send(EVENTS_QUEUE, message)
    log_event("hook.accepted", events=[event.id for event in events])
    return json_answer(plain(AcceptedView(accepted=len(messages))), status=202)
