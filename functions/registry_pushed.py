"""POST api/hooks/registry: a registry says that tags were pushed."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering
from functions.doors import accept

registry_pushed_blueprint = func.Blueprint()


@registry_pushed_blueprint.function_name("registry_pushed")
@registry_pushed_blueprint.route(
    route="api/hooks/registry",
    methods=["POST"],
    auth_level=ANONYMOUS,
)
@answering
def registry_pushed(req: func.HttpRequest) -> func.HttpResponse:
    """Queue what a registry says; digests are hints, and are read back before they count.

    A registry can be told a header or a bearer token; either holds the secret.
    """
    from shared.bootstrap import settings
    from shared.inbound.registry_hook import read_tags

    return accept(req, settings().registry_hook_secret, read_tags, bearer=True)
