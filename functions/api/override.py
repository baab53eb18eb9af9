"""POST api/services/{service}/environments/{environment}/override: `{version, gate, reason, author?}`: past one gate, once."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering
from functions.described import described
from functions.writes import write
from shared.openapi.operation import Operation

override_blueprint = func.Blueprint()


@override_blueprint.function_name("override")
@override_blueprint.route(
    route="api/services/{service}/environments/{environment}/override",
    methods=["POST"],
    auth_level=ANONYMOUS,
)
@answering
@described(
    Operation(
        tag="environments",
        who="operators",
        body="bodies.OverrideBody",
        example={"version": "1.0.2", "gate": "scan", "reason": "not reachable"},
        answer="WrittenView",
    )
)
def override(req: func.HttpRequest) -> func.HttpResponse:
    """Let a version past a gate, with the person's name and reason."""
    from shared.app.authorize import OPERATORS
    from shared.inbound import requests

    return write(req, requests.override, wanted=OPERATORS)
