"""GET api/health: whether the store answers, each configuration is good, and no message lies in poison."""

from __future__ import annotations

from typing import Literal

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.described import described
from functions.viewing import may_read
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
    """Answer 200 also with a faulty slipway.yaml, as the last good one stays in force; 503 where nothing can be kept.

    Anybody is told the status, as what watches has no key; what is wrong is for readers.
    """
    from shared.app.views.health import down, for_anybody, health
    from shared.bootstrap import app
    from shared.inbound.problems import problem_of
    from shared.ports.store import StoreFull, StoreUnavailable

    try:
        found = health(app())
    except StoreUnavailable as error:
        store: Literal["full", "unavailable"] = "full" if isinstance(error, StoreFull) else "unavailable"
        return json_answer(down(store, problem_of(error).detail), status=503, headers={"Retry-After": "5"})
    return json_answer(found if may_read(req) else for_anybody(found))
