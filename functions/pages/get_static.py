"""GET static/{file}: the pages' script, style sheet and icon."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering
from functions.described import described
from shared.openapi.operation import Operation

get_static_blueprint = func.Blueprint()


@get_static_blueprint.function_name("get_static")
@get_static_blueprint.route(
    route="static/{file}",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
@described(Operation(tag="page", who="anybody", answer="*/*"))
def get_static(req: func.HttpRequest) -> func.HttpResponse:
    """Read one of the few files that pages load; their address changes with their content."""
    from shared.page.static_files import read_file

    found = read_file(req.route_params["file"])
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return func.HttpResponse(found.content, mimetype=found.media_type, charset="utf-8", headers=headers)
