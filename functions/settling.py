"""What both ways of settling a message in poison do: who may, which message, why; then it is settled and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import azure.functions as func

from functions.answers import json_answer
from functions.asking import body_of, caller_of

if TYPE_CHECKING:
    from shared.domain.poison import Settling


def settle(req: func.HttpRequest, how: Settling, *, wanted: tuple[str, ...]) -> func.HttpResponse:
    """Let a person with one of the wanted roles settle the message that the route names, and answer with its record."""
    from shared.app import poison
    from shared.app.views.poison import PoisonView
    from shared.bootstrap import app
    from shared.inbound import requests

    caller, number = caller_of(req, wanted), poison.number_of(req.route_params["poison"])
    reason = requests.reason_alone(body_of(req))
    return json_answer(PoisonView.of(poison.settle(app(), caller, number, how, reason)))
