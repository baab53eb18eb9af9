"""POST api/holds `{scope, reason, until?}`: nothing in its scope is promoted, rollbacks excepted."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.asking import body_of, caller_of
from functions.described import described
from shared.openapi.operation import Operation

add_hold_blueprint = func.Blueprint()


@add_hold_blueprint.function_name("add_hold")
@add_hold_blueprint.route(
    route="api/holds",
    methods=["POST"],
    auth_level=ANONYMOUS,
)
@answering
@described(
    Operation(
        tag="holds",
        who="operators",
        body="bodies.HoldBody",
        example={"scope": "environment:production", "reason": "audit", "until": "2031-11-27T16:00:00Z"},
        answer="HoldView",
        status=201,
        headers={"Location": "where the hold is lifted"},
    )
)
def add_hold(req: func.HttpRequest) -> func.HttpResponse:
    """Hold everything, an environment or a service, with the person's name and reason."""
    from shared.app import operate
    from shared.app.authorize import OPERATORS
    from shared.app.views.finding import known_scope
    from shared.app.views.service import hold_view
    from shared.bootstrap import app
    from shared.inbound import requests

    caller = caller_of(req, OPERATORS)
    asked = requests.hold(body_of(req))
    scope = known_scope(app(), asked.scope)
    added = operate.add_hold(app(), caller, scope=scope, reason=asked.reason, until=asked.until)
    return json_answer(hold_view(added), status=201, headers={"Location": f"/api/holds/{added.id}"})
