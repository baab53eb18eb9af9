"""GET api/openapi.json: this API, for programs: every route with its parameters, bodies and answers."""

from __future__ import annotations

import functools

import azure.functions as func

from functions.answers import ANONYMOUS, PLAIN, answering
from functions.described import described, routes
from shared.openapi.operation import Operation

get_openapi_blueprint = func.Blueprint()


@get_openapi_blueprint.function_name("get_openapi")
@get_openapi_blueprint.route(
    route="api/openapi.json",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
@described(Operation(tag="about", who="anybody", answer="application/json"))
def get_openapi(req: func.HttpRequest) -> func.HttpResponse:
    """Read the API's OpenAPI 3.1 document.

    It holds nothing of what is released, and tools that make a client have no key: so nobody has to sign in.
    """
    return func.HttpResponse(_document(), mimetype="application/json", headers=PLAIN)


@functools.cache
def _document() -> bytes:
    """Make it once per process, when somebody asks."""
    from shared.openapi.document import document, encoded

    return encoded(document(routes()))
