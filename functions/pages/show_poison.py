"""GET poison: messages that failed as often as they may, and that nobody has settled."""

from __future__ import annotations

import azure.functions as func

from functions.answers import ANONYMOUS
from functions.api.get_poison import AFTER
from functions.described import described
from functions.pages.answer import page
from shared.openapi.operation import Operation

show_poison_blueprint = func.Blueprint()


@show_poison_blueprint.function_name("show_poison")
@show_poison_blueprint.route(
    route="poison",
    methods=["GET"],
    auth_level=ANONYMOUS,
)
@described(Operation(tag="page", who="readers", answer="text/html", query=(AFTER,)))
def show_poison(req: func.HttpRequest) -> func.HttpResponse:
    """Show them, a page at a time, with buttons for those who may settle them."""
    return page(req, _content)


def _content(req: func.HttpRequest) -> str:
    from functions.viewing import viewer_of
    from shared.app.read_overview import read_poison_page
    from shared.bootstrap import app
    from shared.page.poisoned import poison_messages

    viewer = viewer_of(req)
    return poison_messages(*read_poison_page(app(), after=AFTER.of(req.params)), viewer)
