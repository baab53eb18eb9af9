"""GET api/services/{service}/releases: its releases, page by page."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.asking import service_of
from functions.described import described
from functions.viewing import viewer_of
from shared.openapi.operation import Number, Operation, Text

get_releases_blueprint = func.Blueprint()
AFTER = Text(name="after", says="go on after these releases: the `next` of the page before", looks="place")
MOST = Number(name="most", says="how many releases at most", default=20, least=1, most=100)


@get_releases_blueprint.function_name("get_releases")
@get_releases_blueprint.route(
    route="api/services/{service}/releases",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
@described(Operation(tag="releases", who="readers", answer="ReleasesPage", query=(AFTER, MOST)))
def get_releases(req: func.HttpRequest) -> func.HttpResponse:
    """Read open releases, then ended ones, the last to end first."""
    from shared.app import read_status
    from shared.bootstrap import app

    viewer = viewer_of(req)
    page = read_status.releases(
        app(),
        service_of(req),
        viewer=viewer,
        after=AFTER.of(req.params),
        most=MOST.of(req.params),
    )
    return json_answer(page)
