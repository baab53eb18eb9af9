"""DELETE api/holds/{id} `{reason?}`: lift a hold by people, or one on an artifact that was rolled back."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.asking import body_of, caller_of
from functions.described import described
from functions.writes import decide
from shared.openapi.operation import REPOSITORY, Operation

lift_hold_blueprint = func.Blueprint()


@lift_hold_blueprint.function_name("lift_hold")
@lift_hold_blueprint.route(
    route="api/holds/{id}",
    methods=["DELETE"],
    auth_level=ANONYMOUS,
)
@answering
@described(
    Operation(
        tag="holds",
        who="operators",
        body="bodies.ReasonBody",
        example={"reason": "over"},
        query=(REPOSITORY,),
        answer="LiftedView | WrittenView",
    )
)
def lift_hold(req: func.HttpRequest) -> func.HttpResponse:
    """Lift it, and have what it kept back looked at again."""
    from shared.app import operate
    from shared.app.authorize import OPERATORS
    from shared.app.views.answers import LiftedView
    from shared.app.views.finding import find_artifact_hold
    from shared.app.views.service import hold_view
    from shared.bootstrap import app
    from shared.domain.decision import Outcome
    from shared.inbound import requests

    caller, hold = caller_of(req, OPERATORS), req.route_params["id"]
    lifted = operate.lift_hold(app(), caller, hold, requests.reason_alone(body_of(req)))
    if lifted is not None:
        return json_answer(LiftedView(outcome=Outcome.NOTED, hold=hold_view(lifted)))
    asked = operate.request_id(app(), caller)
    service = find_artifact_hold(app(), hold, REPOSITORY.of(req.params), asked=asked)
    return decide(req, requests.lift, caller, service)
