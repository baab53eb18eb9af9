"""GET services/{service}: one service with its releases, promotions, blockers and timeline."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS
from functions.pages.answer import page

show_service_blueprint = func.Blueprint()


@show_service_blueprint.function_name("show_service")
@show_service_blueprint.route(
    route="services/{service}",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
def show_service(req: func.HttpRequest) -> func.HttpResponse:
    """Show one service; `after` goes on to releases that ended earlier."""
    return page(req, _content)


def _content(req: func.HttpRequest) -> str:
    from functions.asking import service_of, viewer_of
    from shared.app.read_overview import read_service_page
    from shared.bootstrap import app
    from shared.page.service import service_page

    viewer = viewer_of(req)
    found = read_service_page(app(), service_of(req), viewer=viewer, after=req.params.get("after", ""))
    return service_page(found, viewer)
