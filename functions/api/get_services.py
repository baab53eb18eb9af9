"""GET api/services: every service, page by page."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.asking import viewer_of

get_services_blueprint = func.Blueprint()


@get_services_blueprint.function_name("get_services")
@get_services_blueprint.route(
    route="api/services",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
def get_services(req: func.HttpRequest) -> func.HttpResponse:
    """Read services in order; `next` is the `after` of the next page."""
    from shared.app import read_status
    from shared.app.views.plain import plain
    from shared.bootstrap import app
    from shared.inbound.requests import whole_number

    page = read_status.services(
        app(),
        viewer=viewer_of(req),
        after=req.params.get("after", ""),
        most=whole_number(req.params, "most", default=50, most=200),
    )
    return json_answer(plain(page))
