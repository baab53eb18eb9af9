"""POST api/hooks/git: a repository says that refs moved."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering
from functions.described import described
from functions.doors import accept
from shared.openapi.operation import Operation

git_pushed_blueprint = func.Blueprint()


@git_pushed_blueprint.function_name("git_pushed")
@git_pushed_blueprint.route(
    route="api/hooks/git",
    methods=["POST"],
    auth_level=ANONYMOUS,
)
@answering
@described(
    Operation(
        tag="hooks",
        who="secret",
        body="git_hook.PushBody",
        example={
            "id": "5f1c2e3a-1",
            "repository": "shipping",
            "refs": [
                {
                    "ref": "refs/heads/release/delivery/v1.0.2",
                    "before": "0000000000000000000000000000000000000000",
                    "after": "1f7a7a472abf3dd9643fd615f6da379c4acb3e3a",
                }
            ],
            "pusher": {"name": "Ada Author", "mail": "ada@example.com"},
        },
        answer="AcceptedView",
        status=202,
    )
)
def git_pushed(req: func.HttpRequest) -> func.HttpResponse:
    """Queue what a repository's hook says; the worker reads what the refs point at.

    A sender that can't know our state is told no only for its secret, the size or the shape of what it sends.
    """
    from shared.bootstrap import settings
    from shared.inbound.git_hook import read_pushes

    return accept(req, settings().hook_secrets, read_pushes)
