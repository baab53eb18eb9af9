"""POST api/services/{service}/environments/{environment}/rollback: `{reason, to?}`: back to a good version."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering
from functions.described import described
from functions.writes import write
from shared.openapi.operation import Operation

rollback_blueprint = func.Blueprint()


@rollback_blueprint.function_name("rollback")
@rollback_blueprint.route(
    route="api/services/{service}/environments/{environment}/rollback",
    methods=["POST"],
    auth_level=ANONYMOUS,
)
@answering
@described(
    Operation(
        tag="environments",
        who="operators",
        body="bodies.RollbackBody",
        example={"reason": "errors in checkout", "to": "1.0.1"},
        answer="WrittenView",
        status=202,
    )
)
def rollback(req: func.HttpRequest) -> func.HttpResponse:
    """Go back to the last good artifact, or to a named earlier one."""
    from shared.app.authorize import OPERATORS
    from shared.inbound import requests

    return write(req, requests.rollback, wanted=OPERATORS, status=202)
