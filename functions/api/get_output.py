"""GET api/services/{service}/builds/{number}/steps/{step}/output: what a build step printed."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, PLAIN, answering
from functions.asking import service_of
from functions.described import described
from functions.viewing import viewer_of
from shared.openapi.operation import Operation

get_output_blueprint = func.Blueprint()


@get_output_blueprint.function_name("get_output")
@get_output_blueprint.route(
    route="api/services/{service}/builds/{number}/steps/{step}/output",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
@described(Operation(tag="builds", who="readers", answer="text/plain"))
def get_output(req: func.HttpRequest) -> func.HttpResponse:
    """Read the kept output as plain text, with a mark where it is none."""
    from shared.app import read_builds
    from shared.bootstrap import app

    viewer_of(req)
    route = req.route_params
    output = read_builds.step_output(app(), service_of(req), route["number"], route["step"])
    return func.HttpResponse(output.decode(errors="replace"), mimetype="text/plain", charset="utf-8", headers=PLAIN)
