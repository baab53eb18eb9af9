"""POST api/hooks/registry: a registry says that tags were pushed."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering
from functions.described import described
from functions.doors import accept
from shared.openapi.operation import Operation

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
        body="registry_hook.tags_in",
        example={
            "events": [
                {
                    "id": "320678d8-ca14-430f-8bb6-4ca139cd83f7",
                    "action": "push",
                    "target": {
                        "mediaType": "application/vnd.oci.image.manifest.v1+json",
                        "repository": "delivery",
                        "tag": "v1.0.2",
                        "digest": "sha256:fea8895f450959fa676bcc1df0611ea93823a735a01205fd8622846041d0c7cf",
                        "url": "https://registry.example.com/v2/delivery/manifests/v1.0.2",
                    },
                    "request": {"host": "registry.example.com"},
                },
                {"id": "320678d8-ca14-430f-8bb6-4ca139cd83f8", "action": "pull"},
            ]
        },
        answer="AcceptedView",
        status=202,
        bearer=True,
    )
)
def registry_pushed(req: func.HttpRequest) -> func.HttpResponse:
    """Queue what a registry says; digests are hints, and are read back before they count.

    A registry can be told a header or a bearer token; either holds the secret.
    """
    from shared.bootstrap import settings
    from shared.inbound.registry_hook import read_tags

    return accept(req, settings().registry_hook_secret, read_tags, bearer=True)
