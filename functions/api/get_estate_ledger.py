"""GET api/estate/ledger: who held and stopped what, who lifted it, and why."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.asking import viewer_of

get_estate_ledger_blueprint = func.Blueprint()


@get_estate_ledger_blueprint.function_name("get_estate_ledger")
@get_estate_ledger_blueprint.route(
    route="api/estate/ledger",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
def get_estate_ledger(req: func.HttpRequest) -> func.HttpResponse:
    """Read entries above a sequence; `next` is the `after` of the next page."""
    from shared.app.operate import ESTATE
    from shared.app.views.ledger import ledger_page
    from shared.app.views.plain import plain
    from shared.bootstrap import app
    from shared.inbound.requests import whole_number

    viewer_of(req)
    page = ledger_page(
        app(),
        ESTATE,
        after=whole_number(req.params, "after", default=0, most=10**15),
        most=whole_number(req.params, "most", default=100, most=500),
    )
    return json_answer(plain(page))
