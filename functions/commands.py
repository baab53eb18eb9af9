"""Commands: what people ask for. Each says who may, and what reads its body; the answer is what happened."""

from __future__ import annotations

import azure.functions as func

from functions.helpers.answers import json_answer
from functions.helpers.asking import body_of, caller_of
from functions.helpers.http import HttpFunctions
from functions.helpers.writes import decide, settle, write
from shared.bootstrap import app
from shared.openapi.operation import REPOSITORY, Operation

commands = HttpFunctions()


@commands.post(
    "api/holds",
    Operation(
        tag="holds",
        who="operators",
        body="bodies.HoldBody",
        example={"scope": "environment:production", "reason": "audit", "until": "2031-11-27T16:00:00Z"},
        answer="HoldView",
        status=201,
        headers={"Location": "where the hold is lifted"},
    ),
)
def add_hold(req: func.HttpRequest) -> func.HttpResponse:
    """Hold everything, an environment or a service, with the person's name and reason."""
    from shared.app.operating import operate
    from shared.app.operating.finding import known_scope
    from shared.app.views.service import hold_view
    from shared.inbound import requests

    caller = caller_of(req, who="operators")
    asked = requests.hold(body_of(req))
    scope = known_scope(app(), asked.scope)
    added = operate.add_hold(app(), caller, scope=scope, reason=asked.reason, until=asked.until)
    return json_answer(hold_view(added), status=201, headers={"Location": f"/api/holds/{added.id}"})


@commands.delete(
    "api/holds/{id}",
    Operation(
        tag="holds",
        who="operators",
        body="bodies.ReasonBody",
        example={"reason": "over"},
        query=(REPOSITORY,),
        answer="LiftedView | WrittenView",
    ),
)
def lift_hold(req: func.HttpRequest) -> func.HttpResponse:
    """Lift it, and have what it kept back looked at again."""
    from shared.app.operating import operate
    from shared.app.operating.finding import find_artifact_hold
    from shared.app.views.answers import LiftedView
    from shared.app.views.service import hold_view
    from shared.domain.drafts.decision import Outcome
    from shared.inbound import requests

    caller, hold = caller_of(req, who="operators"), req.route_params["id"]
    lifted = operate.lift_hold(app(), caller, hold, requests.reason_alone(body_of(req)))
    if lifted is not None:
        return json_answer(LiftedView(outcome=Outcome.NOTED, hold=hold_view(lifted)))
    asked = operate.request_id(app(), caller)
    service = find_artifact_hold(app(), hold, REPOSITORY.of(req.params), asked=asked)
    return decide(req, requests.lift, caller, service)


@commands.post(
    "api/services/{service}/releases/{version}/promote",
    Operation(
        tag="releases",
        who="operators",
        body="bodies.PromoteBody",
        example={"environment": "production"},
        answer="WrittenView",
        status=202,
    ),
)
def promote(req: func.HttpRequest) -> func.HttpResponse:
    """Bring a version into an environment again."""
    from shared.inbound import requests

    return write(req, requests.promote, who="operators", status=202)


@commands.post(
    "api/services/{service}/releases/{version}/abort",
    Operation(
        tag="releases",
        who="operators",
        body="bodies.ReasonBody",
        example={"reason": "not needed"},
        answer="WrittenView",
        status=202,
    ),
)
def abort(req: func.HttpRequest) -> func.HttpResponse:
    """End what waits, and stop or undo what runs."""
    from shared.inbound import requests

    return write(req, requests.abort, who="operators", status=202)


@commands.post(
    "api/services/{service}/releases/{version}/retry",
    Operation(tag="releases", who="operators", body="bodies.NothingBody", answer="WrittenView", status=202),
)
def retry(req: func.HttpRequest) -> func.HttpResponse:
    """Go on at the step that failed, with the approval it has."""
    from shared.inbound import requests

    return write(req, requests.retry, who="operators", status=202)


@commands.post(
    "api/services/{service}/environments/{environment}/redeploy",
    Operation(
        tag="environments",
        who="operators",
        body="bodies.RedeployBody",
        example={"restart": True},
        answer="WrittenView",
        status=202,
    ),
)
def redeploy(req: func.HttpRequest) -> func.HttpResponse:
    """Deploy the live version again, and start its pods anew where that is asked for."""
    from shared.inbound import requests

    return write(req, requests.redeploy, who="operators", status=202)


@commands.post(
    "api/services/{service}/environments/{environment}/rollback",
    Operation(
        tag="environments",
        who="operators",
        body="bodies.RollbackBody",
        example={"reason": "errors in checkout", "to": "1.0.1"},
        answer="WrittenView",
        status=202,
    ),
)
def rollback(req: func.HttpRequest) -> func.HttpResponse:
    """Go back to the last good artifact, or to a named earlier one."""
    from shared.inbound import requests

    return write(req, requests.rollback, who="operators", status=202)


@commands.post(
    "api/services/{service}/environments/{environment}/override",
    Operation(
        tag="environments",
        who="operators",
        body="bodies.OverrideBody",
        example={"version": "1.0.2", "gate": "scan", "reason": "not reachable"},
        answer="WrittenView",
    ),
)
def override(req: func.HttpRequest) -> func.HttpResponse:
    """Let a version past a gate, with the person's name and reason."""
    from shared.inbound import requests

    return write(req, requests.override, who="operators")


@commands.post(
    "api/services/{service}/environments/{environment}/adopt",
    Operation(
        tag="environments",
        who="operators",
        body="bodies.AdoptBody",
        example={"version": "1.0.2", "reason": "looked at the cluster"},
        answer="WrittenView",
    ),
)
def adopt(req: func.HttpRequest) -> func.HttpResponse:
    """Take what runs for known again."""
    from shared.inbound import requests

    return write(req, requests.adopt, who="operators")


@commands.post(
    "api/services/{service}/approvals/{request}",
    Operation(
        tag="approvals",
        who="approvers",
        body="bodies.AnswerBody",
        example={"decision": "approve", "comment": "looks good"},
        answer="WrittenView",
    ),
)
def answer_approval(req: func.HttpRequest) -> func.HttpResponse:
    """Answer a numbered request.

    Whoever is signed in may try; the approval rule decides whose answer counts.
    """
    from shared.inbound import requests

    return write(req, requests.answer, who="approvers")


@commands.post(
    "api/poison/{poison}/requeue",
    Operation(
        tag="poison",
        who="operators",
        body="bodies.ReasonBody",
        example={"reason": "the cause is mended"},
        answer="PoisonView",
    ),
)
def requeue_poison(req: func.HttpRequest) -> func.HttpResponse:
    """Have it delivered again, as it was; what it asks for is done if it is still wanted."""
    from shared.domain.state.poison import Settling

    return settle(req, Settling.REQUEUED, who="operators")


@commands.post(
    "api/poison/{poison}/dismiss",
    Operation(
        tag="poison",
        who="operators",
        body="bodies.ReasonBody",
        example={"reason": "retried instead"},
        answer="PoisonView",
    ),
)
def dismiss_poison(req: func.HttpRequest) -> func.HttpResponse:
    """Leave it; it stays on record with who did so and why."""
    from shared.domain.state.poison import Settling

    return settle(req, Settling.DISMISSED, who="operators")
