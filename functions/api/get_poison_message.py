"""GET api/poison/{poison}: one message that went to poison, with its body."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.described import described
from functions.viewing import viewer_of
from shared.openapi.operation import Operation

get_poison_message_blueprint = func.Blueprint()


@get_poison_message_blueprint.function_name("get_poison_message")
@get_poison_message_blueprint.route(
    route="api/poison/{poison}",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
@described(Operation(tag="poison", who="readers", answer="PoisonDetail"))
def get_poison_message(req: func.HttpRequest) -> func.HttpResponse:
    """Read it whether or not somebody settled it, and who did."""
    from shared.app.poison import number_of
    from shared.app.views.poison import poison_detail
    from shared.bootstrap import app

    viewer_of(req)
    return json_answer(poison_detail(app(), number_of(req.route_params["poison"])))
