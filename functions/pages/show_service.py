"""GET services/{service}: one service with its releases, promotions, blockers and timeline."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS
from functions.described import described
from functions.pages.answer import page
from shared.openapi.operation import Operation, Text

show_service_blueprint = func.Blueprint()
AFTER = Text(name="after", says="go on after these releases: the page's own link has it", looks="place")


@show_service_blueprint.function_name("show_service")
@show_service_blueprint.route(
    route="services/{service}",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@described(Operation(tag="page", who="readers", answer="text/html", query=(AFTER,)))
def show_service(req: func.HttpRequest) -> func.HttpResponse:
    """Show one service; `after` goes on to releases that ended earlier."""
    return page(req, _content)


def _content(req: func.HttpRequest) -> str:
    from functions.asking import service_of
    from functions.viewing import viewer_of
    from shared.app.read_overview import read_service_page
    from shared.bootstrap import app
    from shared.page.service import service_page

    viewer = viewer_of(req)
    found = read_service_page(app(), service_of(req), viewer=viewer, after=AFTER.of(req.params))
    return service_page(found, viewer)
