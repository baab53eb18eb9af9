"""What every write on a service does: who may, translate, decide at once, answer with what happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import azure.functions as func

from functions.helpers.answers import json_answer, problem_answer
from functions.helpers.asking import body_of, caller_of, service_of
from shared.bootstrap import app
from shared.openapi.operation import Who

if TYPE_CHECKING:
    from shared.app.operating.operate import Caller
    from shared.domain.messages.events import ServiceEvent
    from shared.domain.state.poison import Settling
    from shared.domain.values.names import ServiceKey
    from shared.inbound.requests import Asked


def write(
    req: func.HttpRequest, translate: Callable[[Asked], ServiceEvent], *, who: Who, status: int = 200
) -> func.HttpResponse:
    """Let those who may change a service; `status` is for what was done, and has begun."""
    caller = caller_of(req, who=who)
    return decide(req, translate, caller, service_of(req), status)


def decide(
    req: func.HttpRequest,
    translate: Callable[[Asked], ServiceEvent],
    caller: Caller,
    service: ServiceKey,
    status: int = 200,
) -> func.HttpResponse:
    """Decide on a caller's request and answer; a refusal is a problem that says who may, which phase, what to do."""
    from shared.app.operating.memberships import as_known
    from shared.app.operating.operate import operate, request_id
    from shared.app.views.answers import DecidedView, WrittenView
    from shared.app.views.read_status import release_about
    from shared.app.views.view import members
    from shared.domain.drafts.decision import Outcome
    from shared.domain.messages.events import ApprovalAnswered
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


def settle(req: func.HttpRequest, how: Settling, *, who: Who) -> func.HttpResponse:
    """Let those who may settle the message in poison that the route names, and answer with its record."""
    from shared.app.operating import poison
    from shared.app.views.poison import PoisonView
    from shared.inbound import requests

    caller, number = caller_of(req, who=who), poison.number_of(req.route_params["poison"])
    reason = requests.reason_alone(body_of(req))
    return json_answer(PoisonView.of(poison.settle(app(), caller, number, how, reason)))
