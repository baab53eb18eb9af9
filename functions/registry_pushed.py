"""POST api/hooks/registry: a registry says that tags were pushed, or manifests deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import azure.functions as func

from functions.answers import ANONYMOUS, answering, headers_of
from functions.described import described
from functions.doors import accept
from shared.openapi.operation import Operation
from shared.openapi.registry_bodies import BODIES

if TYPE_CHECKING:
    from shared.domain.events import RegistryEvent
    from shared.inbound.heard import Heard

registry_pushed_blueprint = func.Blueprint()


@registry_pushed_blueprint.function_name("registry_pushed")
@registry_pushed_blueprint.route(
    route="api/hooks/registry",
    methods=["POST"],
    auth_level=ANONYMOUS,
)
@answering
@described(
    Operation(
        tag="hooks",
        who="secret",
        body=BODIES[0].record,
        example=BODIES[0].example,
        bodies=BODIES[1:],
        answer="AcceptedView",
        status=202,
        bearer=True,
        code=True,
    )
)
def registry_pushed(req: func.HttpRequest) -> func.HttpResponse:
    """Queue what a registry says; digests are hints, and are read back before they count.

    CNCF distribution, Azure Container Registry and Docker Hub are told apart by their bodies. A registry can be told a
    header or a bearer token; either holds the secret. Docker Hub knows neither: its address ends in `?code=` and the secret.
    """
    from shared.bootstrap import settings
    from shared.inbound.registry_body import read_changes, read_docker_hub, secret_in_address

    headers = headers_of(req)
    by_address = secret_in_address(headers, req.params)
    read = read_changes if by_address is None else read_docker_hub
    return accept(
        req,
        settings().registry_hook_secrets,
        lambda body: _events(read(body)),
        bearer=True,
        headers=headers if by_address is None else by_address,
    )


def _events(heard: Heard) -> tuple[RegistryEvent, ...]:
    from shared.telemetry import log_event

    if heard.passed_over:
        log_event("hook.passed_over", reasons=heard.passed_over)
    return heard.events
