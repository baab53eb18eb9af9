"""POST api/poison/{poison}/dismiss `{reason?}`: be done with a message that went to poison."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering
from functions.described import described
from functions.settling import settle
from shared.openapi.operation import Operation

dismiss_poison_blueprint = func.Blueprint()


@dismiss_poison_blueprint.function_name("dismiss_poison")
@dismiss_poison_blueprint.route(
    route="api/poison/{poison}/dismiss",
    methods=["POST"],
    auth_level=ANONYMOUS,
)
@answering
@described(
    Operation(
        tag="poison",
        who="operators",
        body="bodies.ReasonBody",
        example={"reason": "retried instead"},
        answer="PoisonView",
    )
)
def dismiss_poison(req: func.HttpRequest) -> func.HttpResponse:
    """Leave it; it stays on record with who did so and why."""
    from shared.app.authorize import OPERATORS
    from shared.domain.poison import Settling

    return settle(req, Settling.DISMISSED, wanted=OPERATORS)
