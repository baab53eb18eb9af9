"""GET api/services/{service}/ledger: who did what, and why."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.asking import service_of, viewer_of

get_ledger_blueprint = func.Blueprint()


@get_ledger_blueprint.function_name("get_ledger")
@get_ledger_blueprint.route(
    route="api/services/{service}/ledger",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
def get_ledger(req: func.HttpRequest) -> func.HttpResponse:
    """Read entries above a sequence; `next` is the `after` of the next page."""
    from shared.app.views.ledger import ledger_page
    from shared.app.views.plain import plain
    from shared.bootstrap import app
    from shared.inbound.requests import whole_number

    viewer_of(req)
    page = ledger_page(
        app(),
        service_of(req),
        after=whole_number(req.params, "after", default=0, most=10**15),
        most=whole_number(req.params, "most", default=100, most=500),
    )
    return json_answer(plain(page))
