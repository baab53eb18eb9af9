"""POST api/poison/{poison}/requeue `{reason?}`: send a message that went to poison to its queue again."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering
from functions.described import described
from functions.settling import settle
from shared.openapi.operation import Operation

requeue_poison_blueprint = func.Blueprint()


@requeue_poison_blueprint.function_name("requeue_poison")
@requeue_poison_blueprint.route(
    route="api/poison/{poison}/requeue",
    methods=["POST"],
    auth_level=ANONYMOUS,
)
@answering
@described(
    Operation(
        tag="poison",
        who="operators",
        body="bodies.ReasonBody",
        example={"reason": "the cause is mended"},
        answer="PoisonView",
    )
)
def requeue_poison(req: func.HttpRequest) -> func.HttpResponse:
    """Have it delivered again, as it was; what it asks for is done if it is still wanted."""
    from shared.app.authorize import OPERATORS
    from shared.domain.poison import Settling

    return settle(req, Settling.REQUEUED, wanted=OPERATORS)
