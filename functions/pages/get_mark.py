"""GET api/mark: a few bytes that change whenever a page would."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS, answering, json_answer
from functions.choosing import CHOOSING, chosen_of
from functions.described import described
from functions.viewing import viewer_of
from shared.openapi.operation import REPOSITORY, Operation, Text

get_mark_blueprint = func.Blueprint()
SERVICE = Text(name="service", says="of the page of this service")
OF = Text(name="of", says="of the page of these", words=("holds", "poison"))


@get_mark_blueprint.function_name("get_mark")
@get_mark_blueprint.route(
    route="api/mark",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@answering
@described(Operation(tag="page", who="readers", answer="MarkView", query=(SERVICE, OF, *CHOOSING)))
def get_mark(req: func.HttpRequest) -> func.HttpResponse:
    """Read the mark of a page: of a service, of people's holds, of messages in poison, or of a page of services with this query."""
    from shared.app.read_overview import overview_mark
    from shared.app.views.answers import MarkView
    from shared.app.views.finding import find_service
    from shared.app.views.mark import mark
    from shared.bootstrap import app

    viewer_of(req)
    name, repository = SERVICE.of(req.params), REPOSITORY.of(req.params)
    if name:
        found = mark(app(), (str(find_service(app(), name, repository)),))
    elif OF.of(req.params):
        found = mark(app(), ())
    else:
        found = overview_mark(app(), chosen_of(req))
    return json_answer(MarkView(mark=found))
