"""GET api/services/{service}/builds/{number}: one build, of a release or of a branch."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.asking import service_of
from functions.described import described
from functions.viewing import viewer_of
from shared.openapi.operation import Operation

get_build_blueprint = func.Blueprint()


@get_build_blueprint.function_name("get_build")
@get_build_blueprint.route(
    route="api/services/{service}/builds/{number}",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
@described(Operation(tag="builds", who="readers", answer="NumberedBuildView"))
def get_build(req: func.HttpRequest) -> func.HttpResponse:
    """Read how a build ended, step by step."""
    from shared.app import read_builds
    from shared.bootstrap import app

    viewer_of(req)
    return json_answer(read_builds.build(app(), service_of(req), req.route_params["number"]))
