"""The pages, what they load, and the mark that says whether one has changed."""

from __future__ import annotations

import azure.functions as func

from functions.helpers.answers import json_answer
from functions.helpers.asking import service_of
from functions.helpers.choosing import CHOOSING, POISON_AFTER, chosen_of
from functions.helpers.http import HttpFunctions
from functions.helpers.viewing import viewer_of
from shared.bootstrap import app
from shared.openapi.operation import REPOSITORY, Operation, Text

EARLIER = Text(name="earlier", says="where the pages before this one began: the page's own links have it")
ENDED_AFTER = Text(name="after", says="go on after these releases: the page's own link has it", looks="place")
OF_SERVICE = Text(name="service", says="of the page of this service")
OF_PAGE = Text(name="of", says="of the page of these", words=("holds", "poison"))
pages = HttpFunctions()


@pages.page("/", Operation(tag="page", who="readers", answer="text/html", query=(*CHOOSING, EARLIER)))
def show_overview(req: func.HttpRequest) -> str:
    """Show every service, a page of them at a time."""
    from shared.app.views.read_overview import read_overview
    from shared.page.overview import overview

    viewer = viewer_of(req)
    found = read_overview(app(), viewer=viewer, chosen=chosen_of(req))
    return overview(found, viewer, earlier=EARLIER.of(req.params))


@pages.page("services/{service}", Operation(tag="page", who="readers", answer="text/html", query=(ENDED_AFTER,)))
def show_service(req: func.HttpRequest) -> str:
    """Show one service; `after` goes on to releases that ended earlier."""
    from shared.app.views.read_overview import read_service_page
    from shared.page.service import service_page

    viewer = viewer_of(req)
    found = read_service_page(app(), service_of(req), viewer=viewer, after=ENDED_AFTER.of(req.params))
    return service_page(found, viewer)


@pages.page("holds", Operation(tag="page", who="readers", answer="text/html"))
def show_holds(req: func.HttpRequest) -> str:
    """Show holds by people with their history."""
    from shared.app.views.read_overview import read_holds_page
    from shared.page.held import holds_page

    viewer = viewer_of(req)
    return holds_page(read_holds_page(app()), viewer)


@pages.page("poison", Operation(tag="page", who="readers", answer="text/html", query=(POISON_AFTER,)))
def show_poison(req: func.HttpRequest) -> str:
    """Show them, a page at a time, with buttons for those who may settle them."""
    from shared.app.views.read_overview import read_poison_page
    from shared.page.poisoned import poison_messages

    viewer = viewer_of(req)
    return poison_messages(*read_poison_page(app(), after=POISON_AFTER.of(req.params)), viewer)


@pages.get("api/mark", Operation(tag="page", who="readers", answer="MarkView", query=(OF_SERVICE, OF_PAGE, *CHOOSING)))
def get_mark(req: func.HttpRequest) -> func.HttpResponse:
    """Read the mark of a page: of a service, of people's holds, of messages in poison, or of a page of services with this query."""
    from shared.app.operating.finding import find_service
    from shared.app.views.answers import MarkView
    from shared.app.views.mark import mark
    from shared.app.views.read_overview import overview_mark

    viewer_of(req)
    name, repository = OF_SERVICE.of(req.params), REPOSITORY.of(req.params)
    if name:
        found = mark(app(), (str(find_service(app(), name, repository)),))
    elif OF_PAGE.of(req.params):
        found = mark(app(), ())
    else:
        found = overview_mark(app(), chosen_of(req))
    return json_answer(MarkView(mark=found))


@pages.get("static/{file}", Operation(tag="page", who="anybody", answer="*/*"))
def get_static(req: func.HttpRequest) -> func.HttpResponse:
    """Read one of the few files that pages load; their address changes with their content."""
    from shared.page.static_files import read_file

    found = read_file(req.route_params["file"])
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return func.HttpResponse(found.content, mimetype=found.media_type, charset="utf-8", headers=headers)
