"""POST api/services/{service}/environments/{environment}/adopt: `{version?, reason}`: what runs, by a person's word."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering
from functions.described import described
from functions.writes import write
from shared.openapi.operation import Operation

adopt_blueprint = func.Blueprint()


@adopt_blueprint.function_name("adopt")
@adopt_blueprint.route(
    route="api/services/{service}/environments/{environment}/adopt",
    methods=["POST"],
    auth_level=ANONYMOUS,
)
@answering
@described(
    Operation(
        tag="environments",
        who="operators",
        body="bodies.AdoptBody",
        example={"version": "1.0.2", "reason": "looked at the cluster"},
        answer="WrittenView",
    )
)
def adopt(req: func.HttpRequest) -> func.HttpResponse:
    """Take what runs for known again."""
    from shared.app.authorize import OPERATORS
    from shared.inbound import requests

    return write(req, requests.adopt, wanted=OPERATORS)
