"""POST api/services/{service}/environments/{environment}/redeploy: `{version?}`: what is live once more."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering
from functions.described import described
from functions.writes import write
from shared.openapi.operation import Operation

redeploy_blueprint = func.Blueprint()


@redeploy_blueprint.function_name("redeploy")
@redeploy_blueprint.route(
    route="api/services/{service}/environments/{environment}/redeploy",
    methods=["POST"],
    auth_level=ANONYMOUS,
)
@answering
@described(
    Operation(
        tag="environments",
        who="operators",
        body="bodies.RedeployBody",
        example={"version": "1.0.2"},
        answer="WrittenView",
        status=202,
    )
)
def redeploy(req: func.HttpRequest) -> func.HttpResponse:
    """Deploy the live version again."""
    from shared.app.authorize import OPERATORS
    from shared.inbound import requests

    return write(req, requests.redeploy, wanted=OPERATORS, status=202)
