"""GET /: services by environments, with what is live, what is on its way and what it waits for."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS
from functions.choosing import CHOOSING, chosen_of
from functions.described import described
from functions.pages.answer import page
from functions.viewing import viewer_of
from shared.openapi.operation import Operation, Text

show_overview_blueprint = func.Blueprint()
EARLIER = Text(name="earlier", says="where the pages before this one began: the page's own links have it")


@show_overview_blueprint.function_name("show_overview")
@show_overview_blueprint.route(
    route="/",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@described(Operation(tag="page", who="readers", answer="text/html", query=(*CHOOSING, EARLIER)))
def show_overview(req: func.HttpRequest) -> func.HttpResponse:
    """Show every service, a page of them at a time."""
    return page(req, _content)


def _content(req: func.HttpRequest) -> str:
    from shared.app.read_overview import read_overview
    from shared.bootstrap import app
    from shared.page.overview import overview

    viewer = viewer_of(req)
    found = read_overview(app(), viewer=viewer, chosen=chosen_of(req))
    return overview(found, viewer, earlier=EARLIER.of(req.params))
