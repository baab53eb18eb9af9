"""What every write on a service does: who may, translate, decide at once, answer with what happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import azure.functions as func

from functions.answers import json_answer, problem_answer
from functions.asking import body_of, caller_of, service_of

if TYPE_CHECKING:
    from shared.app.operate import Caller
    from shared.domain.events import ServiceEvent
    from shared.domain.names import ServiceKey
    from shared.inbound.requests import Asked


def write(
    req: func.HttpRequest, translate: Callable[[Asked], ServiceEvent], *, wanted: tuple[str, ...], status: int = 200
) -> func.HttpResponse:
    """Let a person with one of the wanted roles change a service; `status` is for what was done, and has begun."""
    caller = caller_of(req, wanted)
    return decide(req, translate, caller, service_of(req), status)


def decide(
    req: func.HttpRequest,
    translate: Callable[[Asked], ServiceEvent],
    caller: Caller,
    service: ServiceKey,
    status: int = 200,
) -> func.HttpResponse:
    """Decide on a caller's request and answer; a refusal is a problem that says who may, which phase, what to do."""
    from shared.app.memberships import as_known
    from shared.app.operate import operate, request_id
    from shared.app.read_status import release_about
    from shared.app.views.answers import DecidedView, WrittenView
    from shared.app.views.view import members
    from shared.bootstrap import app
    from shared.domain.decision import Outcome
    from shared.domain.events import ApprovalAnswered
    from shared.inbound.problems import refusal
    from shared.inbound.requests import Asked

    asked = Asked(
        id=request_id(app(), caller),
        service=service,
        person=caller.person,
        groups=caller.groups,
        route=req.route_params,
        body=body_of(req),
    )
    event = translate(asked)
    if isinstance(event, ApprovalAnswered):
        event = as_known(app(), event, caller)
    handled = operate(app(), event)
    if handled.outcome is Outcome.REFUSED:
        return problem_answer(refusal(handled.code, handled.reason, members(DecidedView.of(handled))))
    version = getattr(event, "version", "")
    about = release_about(app(), service, version=version, promotion=handled.about, viewer=None)
    done = 200 if handled.outcome is Outcome.IGNORED else status
    return json_answer(WrittenView.of(handled, release=about), status=done)
