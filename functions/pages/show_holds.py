"""GET holds: what people hold now, and who held and lifted what before."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS
from functions.described import described
from functions.pages.answer import page
from shared.openapi.operation import Operation

show_holds_blueprint = func.Blueprint()


@show_holds_blueprint.function_name("show_holds")
@show_holds_blueprint.route(
    route="holds",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@described(Operation(tag="page", who="readers", answer="text/html"))
def show_holds(req: func.HttpRequest) -> func.HttpResponse:
    """Show holds by people with their history."""
    return page(req, _content)


def _content(req: func.HttpRequest) -> str:
    from functions.viewing import viewer_of
    from shared.app.read_overview import read_holds_page
    from shared.bootstrap import app
    from shared.page.held import holds_page

    viewer = viewer_of(req)
    return holds_page(read_holds_page(app()), viewer)
