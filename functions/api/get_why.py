"""GET api/services/{service}/releases/{version}/why: what a release waits for."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.asking import service_of
from functions.described import described
from functions.viewing import viewer_of
from shared.openapi.operation import Operation

get_why_blueprint = func.Blueprint()


@get_why_blueprint.function_name("get_why")
@get_why_blueprint.route(
    route="api/services/{service}/releases/{version}/why",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
@described(Operation(tag="releases", who="readers", answer="WhyView"))
def get_why(req: func.HttpRequest) -> func.HttpResponse:
    """Read the blockers in order: the gate, the reason, since when, until when, and who can act."""
    from shared.app import read_status
    from shared.app.views.answers import WhyView
    from shared.bootstrap import app

    viewer = viewer_of(req)
    found = read_status.release(app(), service_of(req), req.route_params["version"], viewer=viewer)
    why = WhyView(
        service=found.service,
        version=found.version,
        phase=found.phase,
        reason=found.reason,
        blockers=found.blockers,
    )
    return json_answer(why)
