"""GET api/services/{service}: one service."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.asking import service_of
from functions.described import described
from functions.viewing import viewer_of
from shared.openapi.operation import Operation

get_service_blueprint = func.Blueprint()


@get_service_blueprint.function_name("get_service")
@get_service_blueprint.route(
    route="api/services/{service}",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
@described(Operation(tag="services", who="readers", answer="ServiceView"))
def get_service(req: func.HttpRequest) -> func.HttpResponse:
    """Read what is live, what is on its way, and what holds it."""
    from shared.app import read_status
    from shared.bootstrap import app

    viewer = viewer_of(req)
    return json_answer(read_status.service(app(), service_of(req), viewer=viewer))
