"""POST api/services/{service}/approvals/{request}: `{decision, comment?}`: yes or no."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering
from functions.described import described
from functions.writes import write
from shared.openapi.operation import Operation

answer_approval_blueprint = func.Blueprint()


@answer_approval_blueprint.function_name("answer_approval")
@answer_approval_blueprint.route(
    route="api/services/{service}/approvals/{request}",
    methods=["POST"],
    auth_level=ANONYMOUS,
)
@answering
@described(
    Operation(
        tag="approvals",
        who="approvers",
        body="bodies.AnswerBody",
        example={"decision": "approve", "comment": "looks good"},
        answer="WrittenView",
    )
)
def answer_approval(req: func.HttpRequest) -> func.HttpResponse:
    """Answer a numbered request.

    Whoever is signed in may try; the approval rule decides whose answer counts.
    """
    from shared.inbound import requests

    return write(req, requests.answer, wanted=())
