"""GET api/services/{service}/ledger/verify: whether the ledger is as it was written."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.asking import service_of
from functions.described import described
from functions.viewing import viewer_of
from shared.openapi.operation import Operation

get_ledger_check_blueprint = func.Blueprint()


@get_ledger_check_blueprint.function_name("get_ledger_check")
@get_ledger_check_blueprint.route(
    route="api/services/{service}/ledger/verify",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
@described(Operation(tag="ledger", who="readers", answer="Verified"))
def get_ledger_check(req: func.HttpRequest) -> func.HttpResponse:
    """Check the chain from its first entry."""
    from shared.app.views.ledger import verify_ledger
    from shared.bootstrap import app

    viewer_of(req)
    return json_answer(verify_ledger(app(), service_of(req)))
