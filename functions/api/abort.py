"""POST api/services/{service}/releases/{version}/abort: `{reason?}`: stop a release."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering
from functions.described import described
from functions.writes import write
from shared.openapi.operation import Operation

abort_blueprint = func.Blueprint()


@abort_blueprint.function_name("abort")
@abort_blueprint.route(
    route="api/services/{service}/releases/{version}/abort",
    methods=["POST"],
    auth_level=ANONYMOUS,
)
@answering
@described(
    Operation(
        tag="releases",
        who="operators",
        body="bodies.ReasonBody",
        example={"reason": "not needed"},
        answer="WrittenView",
        status=202,
    )
)
def abort(req: func.HttpRequest) -> func.HttpResponse:
    """End what waits, and stop or undo what runs."""
    from shared.app.authorize import OPERATORS
    from shared.inbound import requests

    return write(req, requests.abort, wanted=OPERATORS, status=202)
