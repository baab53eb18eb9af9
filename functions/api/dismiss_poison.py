"""POST api/poison/{poison}/dismiss `{reason?}`: be done with a message that went to poison."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.asking import body_of, caller_of
from functions.described import described
from shared.openapi.operation import Operation

dismiss_poison_blueprint = func.Blueprint()


@dismiss_poison_blueprint.function_name("dismiss_poison")
@dismiss_poison_blueprint.route(
    route="api/poison/{poison}/dismiss",
    methods=["POST"],
    auth_level=ANONYMOUS,
)
@answering
@described(
    Operation(
        tag="poison",
        who="operators",
        body="requests.reason_alone",
        example={"reason": "retried instead"},
        answer="PoisonView",
    )
)
def dismiss_poison(req: func.HttpRequest) -> func.HttpResponse:
    """Leave it; it stays on record with who did so and why."""
    from shared.app.authorize import OPERATORS
    from shared.app.poison import number_of, settle
    from shared.app.views.plain import plain
    from shared.app.views.poison import poison_view
    from shared.bootstrap import app
    from shared.domain.poison import Settling
    from shared.inbound import requests

    caller, number = caller_of(req, OPERATORS), number_of(req.route_params["poison"])
    reason = requests.reason_alone(body_of(req))
    return json_answer(plain(poison_view(settle(app(), caller, number, Settling.DISMISSED, reason))))
