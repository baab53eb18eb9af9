"""GET api/services: every service, page by page."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.choosing import CHOOSING, chosen_of
from functions.described import described
from functions.viewing import viewer_of
from shared.openapi.operation import Number, Operation

get_services_blueprint = func.Blueprint()
MOST = Number(name="most", says="how many services at most", default=50, least=1, most=200)


@get_services_blueprint.function_name("get_services")
@get_services_blueprint.route(
    route="api/services",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
@described(Operation(tag="services", who="readers", answer="ServicesPage", query=(*CHOOSING, MOST)))
def get_services(req: func.HttpRequest) -> func.HttpResponse:
    """Read services in order; `next` is the `after` of the next page, which may hold fewer than asked."""
    from shared.app import read_status
    from shared.bootstrap import app

    page = read_status.services(
        app(),
        viewer=viewer_of(req),
        chosen=chosen_of(req),
        most=MOST.of(req.params),
    )
    return json_answer(page)
