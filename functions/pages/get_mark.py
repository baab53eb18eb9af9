"""GET api/mark: a few bytes that change whenever a page would."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.asking import viewer_of
from functions.described import described
from shared.openapi.operation import REPOSITORY, Operation, Text

get_mark_blueprint = func.Blueprint()
SERVICE = Text(name="service", says="of this service only, else of all")


@get_mark_blueprint.function_name("get_mark")
@get_mark_blueprint.route(
    route="api/mark",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
@described(Operation(tag="page", who="readers", answer="MarkView", query=(SERVICE, REPOSITORY)))
def get_mark(req: func.HttpRequest) -> func.HttpResponse:
    """Read the mark of one service, or of all; an open page asks for it again and again."""
    from shared.app.views.answers import MarkView
    from shared.app.views.finding import find_service, written_services
    from shared.app.views.mark import mark
    from shared.app.views.plain import plain
    from shared.bootstrap import app

    viewer_of(req)
    name, repository = SERVICE.of(req.params), REPOSITORY.of(req.params)
    services = (find_service(app(), name, repository),) if name or repository else written_services(app())
    return json_answer(plain(MarkView(mark=mark(app(), services))))
