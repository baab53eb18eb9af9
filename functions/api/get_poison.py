"""GET api/poison: messages that failed as often as they may, and that nobody has settled."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.described import described
from functions.viewing import viewer_of
from shared.openapi.operation import Number, Operation

get_poison_blueprint = func.Blueprint()
AFTER = Number(name="after", says="go on below this number: the `next` of the page before", default=0, most=10**15)
MOST = Number(name="most", says="how many messages at most", default=50, least=1, most=200)


@get_poison_blueprint.function_name("get_poison")
@get_poison_blueprint.route(
    route="api/poison",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
@described(Operation(tag="poison", who="readers", answer="PoisonPage", query=(AFTER, MOST)))
def get_poison(req: func.HttpRequest) -> func.HttpResponse:
    """Read a page of them, the newest first."""
    from shared.app.views.poison import poison_page
    from shared.bootstrap import app

    viewer_of(req)
    return json_answer(poison_page(app(), after=AFTER.of(req.params), most=MOST.of(req.params)))
