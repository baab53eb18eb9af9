"""POST api/services/{service}/releases/{version}/promote: `{environment}`: a new attempt."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering
from functions.described import described
from functions.writes import write
from shared.openapi.operation import Operation

promote_blueprint = func.Blueprint()


@promote_blueprint.function_name("promote")
@promote_blueprint.route(
    route="api/services/{service}/releases/{version}/promote",
    methods=["POST"],
    auth_level=ANONYMOUS,
)
@answering
@described(
    Operation(
        tag="releases",
        who="operators",
        body="bodies.PromoteBody",
        example={"environment": "production"},
        answer="WrittenView",
        status=202,
    )
)
def promote(req: func.HttpRequest) -> func.HttpResponse:
    """Bring a version into an environment again."""
    from shared.app.authorize import OPERATORS
    from shared.inbound import requests

    return write(req, requests.promote, wanted=OPERATORS, status=202)
