"""GET api/statuses/{commit}: what a commit shows."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.described import described
from functions.viewing import viewer_of
from shared.openapi.operation import Operation

get_statuses_blueprint = func.Blueprint()


@get_statuses_blueprint.function_name("get_statuses")
@get_statuses_blueprint.route(
    route="api/statuses/{commit}",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
@described(Operation(tag="commits", who="readers", answer="StatusesView"))
def get_statuses(req: func.HttpRequest) -> func.HttpResponse:
    """Read the statuses of a full commit id in every repository."""
    from shared.app import read_status
    from shared.bootstrap import app

    viewer_of(req)
    return json_answer(read_status.statuses(app(), req.route_params["commit"]))
