"""GET api/health: whether the store answers, and whether each configuration is good."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.described import described
from shared.openapi.operation import Operation

get_health_blueprint = func.Blueprint()


@get_health_blueprint.function_name("get_health")
@get_health_blueprint.route(
    route="api/health",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
@described(Operation(tag="about", who="anybody", answer="HealthView", also={503: "HealthView"}))
def get_health(req: func.HttpRequest) -> func.HttpResponse:
    """Answer 200 also with a faulty slipway.yaml, as the last good one stays in force; 503 without a store."""
    from shared.app.views.health import DOWN, health
    from shared.app.views.plain import plain
    from shared.bootstrap import app
    from shared.ports.store import StoreUnavailable

    try:
        found = health(app())
    except StoreUnavailable:
        return json_answer(plain(DOWN), status=503, headers={"Retry-After": "5"})
    return json_answer(plain(found))
