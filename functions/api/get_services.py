"""GET api/services: every service, page by page."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.asking import viewer_of
from functions.described import described
from shared.openapi.operation import Number, Operation, Text

get_services_blueprint = func.Blueprint()
AFTER = Text(name="after", says="go on after these services: the `next` of the page before")
MOST = Number(name="most", says="how many services at most", default=50, most=200)


@get_services_blueprint.function_name("get_services")
@get_services_blueprint.route(
    route="api/services",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
@described(Operation(tag="services", who="readers", answer="ServicesPage", query=(AFTER, MOST)))
def get_services(req: func.HttpRequest) -> func.HttpResponse:
    """Read services in order; `next` is the `after` of the next page."""
    from shared.app import read_status
    from shared.app.views.plain import plain
    from shared.bootstrap import app

    page = read_status.services(
        app(),
        viewer=viewer_of(req),
        after=AFTER.of(req.params),
        most=MOST.of(req.params),
    )
    return json_answer(plain(page))
