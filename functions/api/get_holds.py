"""GET api/holds: every hold by people."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.described import described
from functions.viewing import viewer_of
from shared.openapi.operation import Operation

get_holds_blueprint = func.Blueprint()


@get_holds_blueprint.function_name("get_holds")
@get_holds_blueprint.route(
    route="api/holds",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
@described(Operation(tag="holds", who="readers", answer="HoldsView"))
def get_holds(req: func.HttpRequest) -> func.HttpResponse:
    """Read the holds on everything, on environments and on services."""
    from shared.app import read_status
    from shared.app.views.answers import HoldsView
    from shared.bootstrap import app

    viewer_of(req)
    return json_answer(HoldsView(holds=read_status.holds(app())))
