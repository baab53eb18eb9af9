"""GET api/services/{service}/releases/{version}: one release."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.asking import service_of
from functions.described import described
from functions.viewing import viewer_of
from shared.openapi.operation import Operation

get_release_blueprint = func.Blueprint()


@get_release_blueprint.function_name("get_release")
@get_release_blueprint.route(
    route="api/services/{service}/releases/{version}",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
@described(Operation(tag="releases", who="readers", answer="ReleaseView"))
def get_release(req: func.HttpRequest) -> func.HttpResponse:
    """Read a release with its artifact, promotions and blockers."""
    from shared.app import read_status
    from shared.bootstrap import app

    viewer = viewer_of(req)
    found = read_status.release(app(), service_of(req), req.route_params["version"], viewer=viewer)
    return json_answer(found)
