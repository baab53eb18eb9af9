"""GET api/services/{service}/ledger: who did what, and why."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.asking import service_of
from functions.described import described
from functions.viewing import viewer_of
from shared.openapi.operation import FROM_LEDGER, Number, Operation

get_ledger_blueprint = func.Blueprint()
MOST = Number(name="most", says="how many entries at most", default=100, least=1, most=500)


@get_ledger_blueprint.function_name("get_ledger")
@get_ledger_blueprint.route(
    route="api/services/{service}/ledger",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
@described(Operation(tag="ledger", who="readers", answer="LedgerPage", query=(FROM_LEDGER, MOST)))
def get_ledger(req: func.HttpRequest) -> func.HttpResponse:
    """Read entries above a sequence; `next` is the `after` of the next page."""
    from shared.app.views.ledger import ledger_page
    from shared.bootstrap import app

    viewer_of(req)
    page = ledger_page(
        app(),
        service_of(req),
        after=FROM_LEDGER.of(req.params),
        most=MOST.of(req.params),
    )
    return json_answer(page)
