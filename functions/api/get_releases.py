"""GET api/services/{service}/releases: its releases, page by page."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.asking import service_of, viewer_of

get_releases_blueprint = func.Blueprint()


@get_releases_blueprint.function_name("get_releases")
@get_releases_blueprint.route(
    route="api/services/{service}/releases",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
def get_releases(req: func.HttpRequest) -> func.HttpResponse:
    """Read open releases, then ended ones, the last to end first."""
    from shared.app import read_status
    from shared.app.views.plain import plain
    from shared.bootstrap import app
    from shared.inbound.requests import whole_number

    viewer = viewer_of(req)
    page = read_status.releases(
        app(),
        service_of(req),
        viewer=viewer,
        after=req.params.get("after", ""),
        most=whole_number(req.params, "most", default=20, most=100),
    )
    return json_answer(plain(page))
