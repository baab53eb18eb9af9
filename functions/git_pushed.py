"""POST api/hooks/git: a repository says that refs moved."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering
from functions.doors import accept

git_pushed_blueprint = func.Blueprint()


@git_pushed_blueprint.function_name("git_pushed")
@git_pushed_blueprint.route(
    route="api/hooks/git",
    methods=["POST"],
    auth_level=ANONYMOUS,
)
@answering
def git_pushed(req: func.HttpRequest) -> func.HttpResponse:
    """Queue what a repository's hook says; the worker reads what the refs point at.

    A sender that can't know our state is told no only for its secret, the size or the shape of what it sends.
    """
    from shared.bootstrap import settings
    from shared.inbound.git_hook import read_pushes

    return accept(req, settings().hook_secret, read_pushes)
