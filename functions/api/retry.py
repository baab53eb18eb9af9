"""POST api/services/{service}/releases/{version}/retry: resume an errored release, or build a failed one anew."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering
from functions.described import described
from functions.writes import write
from shared.openapi.operation import Operation

retry_blueprint = func.Blueprint()


@retry_blueprint.function_name("retry")
@retry_blueprint.route(
    route="api/services/{service}/releases/{version}/retry",
    methods=["POST"],
    auth_level=ANONYMOUS,
)
@answering
@described(Operation(tag="releases", who="operators", body="bodies.NothingBody", answer="WrittenView", status=202))
def retry(req: func.HttpRequest) -> func.HttpResponse:
    """Go on at the step that failed, with the approval it has."""
    from shared.app.authorize import OPERATORS
    from shared.inbound import requests

    return write(req, requests.retry, wanted=OPERATORS, status=202)
