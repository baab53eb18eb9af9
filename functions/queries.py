"""Queries: what there is to read by API. Nothing is changed by one."""

from __future__ import annotations

import functools
from typing import Literal

import azure.functions as func

from functions.helpers.answers import PLAIN, json_answer
from functions.helpers.asking import service_of
from functions.helpers.choosing import CHOOSING, POISON_AFTER, chosen_of
from functions.helpers.described import routes
from functions.helpers.http import HttpFunctions
from functions.helpers.viewing import may_read, viewer_of
from shared.bootstrap import app
from shared.openapi.operation import FROM_LEDGER, Number, Operation, Text

ENTRIES = Number(name="most", says="how many entries at most", default=100, least=1, most=500)
MESSAGES = Number(name="most", says="how many messages at most", default=50, least=1, most=200)
RELEASES = Number(name="most", says="how many releases at most", default=20, least=1, most=100)
SERVICES = Number(name="most", says="how many services at most", default=50, least=1, most=200)
RELEASES_AFTER = Text(name="after", says="go on after these releases: the `next` of the page before", looks="place")
queries = HttpFunctions()


@queries.get(
    "api/services", Operation(tag="services", who="readers", answer="ServicesPage", query=(*CHOOSING, SERVICES))
)
def get_services(req: func.HttpRequest) -> func.HttpResponse:
    """Read services in order; `next` is the `after` of the next page, which may hold fewer than asked."""
    from shared.app.views import read_status

    viewer, most = viewer_of(req), SERVICES.of(req.params)
    return json_answer(read_status.services(app(), viewer=viewer, chosen=chosen_of(req), most=most))


@queries.get("api/services/{service}", Operation(tag="services", who="readers", answer="ServiceView"))
def get_service(req: func.HttpRequest) -> func.HttpResponse:
    """Read what is live, what is on its way, and what holds it."""
    from shared.app.views import read_status

    viewer = viewer_of(req)
    return json_answer(read_status.service(app(), service_of(req), viewer=viewer))


@queries.get(
    "api/services/{service}/releases",
    Operation(tag="releases", who="readers", answer="ReleasesPage", query=(RELEASES_AFTER, RELEASES)),
)
def get_releases(req: func.HttpRequest) -> func.HttpResponse:
    """Read open releases, then ended ones, the last to end first."""
    from shared.app.views import read_status

    viewer = viewer_of(req)
    after, most = RELEASES_AFTER.of(req.params), RELEASES.of(req.params)
    return json_answer(read_status.releases(app(), service_of(req), viewer=viewer, after=after, most=most))


@queries.get(
    "api/services/{service}/releases/{version}", Operation(tag="releases", who="readers", answer="ReleaseView")
)
def get_release(req: func.HttpRequest) -> func.HttpResponse:
    """Read a release with its artifact, promotions and blockers."""
    from shared.app.views import read_status

    viewer = viewer_of(req)
    return json_answer(read_status.release(app(), service_of(req), req.route_params["version"], viewer=viewer))


@queries.get(
    "api/services/{service}/releases/{version}/why", Operation(tag="releases", who="readers", answer="WhyView")
)
def get_why(req: func.HttpRequest) -> func.HttpResponse:
    """Read the blockers in order: the gate, the reason, since when, until when, and who can act."""
    from shared.app.views import read_status
    from shared.app.views.answers import WhyView

    viewer = viewer_of(req)
    found = read_status.release(app(), service_of(req), req.route_params["version"], viewer=viewer)
    return json_answer(
        WhyView(
            service=found.service,
            version=found.version,
            phase=found.phase,
            reason=found.reason,
            blockers=found.blockers,
        )
    )


@queries.get(
    "api/services/{service}/releases/{version}/promotions/{promotion}/evidence",
    Operation(tag="releases", who="readers", answer="text/plain"),
)
def get_evidence(req: func.HttpRequest) -> func.HttpResponse:
    """Read what was kept of a failed rollout as plain text: its containers, events and the last lines of its log."""
    from shared.app.views import read_status

    viewer_of(req)
    route = req.route_params
    found = read_status.evidence(app(), service_of(req), route["version"], route["promotion"])
    return func.HttpResponse(found.decode(errors="replace"), mimetype="text/plain", charset="utf-8", headers=PLAIN)


@queries.get(
    "api/services/{service}/builds/{number}", Operation(tag="builds", who="readers", answer="NumberedBuildView")
)
def get_build(req: func.HttpRequest) -> func.HttpResponse:
    """Read how a build ended, step by step."""
    from shared.app.views import read_builds

    viewer_of(req)
    return json_answer(read_builds.build(app(), service_of(req), req.route_params["number"]))


@queries.get(
    "api/services/{service}/builds/{number}/steps/{step}/output",
    Operation(tag="builds", who="readers", answer="text/plain"),
)
def get_output(req: func.HttpRequest) -> func.HttpResponse:
    """Read the kept output as plain text, with a mark where it is none."""
    from shared.app.views import read_builds

    viewer_of(req)
    route = req.route_params
    output = read_builds.step_output(app(), service_of(req), route["number"], route["step"])
    return func.HttpResponse(output.decode(errors="replace"), mimetype="text/plain", charset="utf-8", headers=PLAIN)


@queries.get(
    "api/services/{service}/ledger",
    Operation(tag="ledger", who="readers", answer="LedgerPage", query=(FROM_LEDGER, ENTRIES)),
)
def get_ledger(req: func.HttpRequest) -> func.HttpResponse:
    """Read entries above a sequence; `next` is the `after` of the next page."""
    from shared.app.views.ledger import ledger_page

    viewer_of(req)
    after, most = FROM_LEDGER.of(req.params), ENTRIES.of(req.params)
    return json_answer(ledger_page(app(), service_of(req), after=after, most=most))


@queries.get("api/services/{service}/ledger/verify", Operation(tag="ledger", who="readers", answer="Verified"))
def get_ledger_check(req: func.HttpRequest) -> func.HttpResponse:
    """Check the chain from its first entry."""
    from shared.app.views.ledger import verify_ledger

    viewer_of(req)
    return json_answer(verify_ledger(app(), service_of(req)))


@queries.get(
    "api/estate/ledger", Operation(tag="ledger", who="readers", answer="LedgerPage", query=(FROM_LEDGER, ENTRIES))
)
def get_estate_ledger(req: func.HttpRequest) -> func.HttpResponse:
    """Read entries above a sequence; `next` is the `after` of the next page."""
    from shared.app.operating.operate import ESTATE
    from shared.app.views.ledger import ledger_page

    viewer_of(req)
    return json_answer(ledger_page(app(), ESTATE, after=FROM_LEDGER.of(req.params), most=ENTRIES.of(req.params)))


@queries.get("api/estate/ledger/verify", Operation(tag="ledger", who="readers", answer="Verified"))
def get_estate_ledger_check(req: func.HttpRequest) -> func.HttpResponse:
    """Check the chain from its first entry."""
    from shared.app.operating.operate import ESTATE
    from shared.app.views.ledger import verify_ledger

    viewer_of(req)
    return json_answer(verify_ledger(app(), ESTATE))


@queries.get("api/statuses/{commit}", Operation(tag="commits", who="readers", answer="StatusesView"))
def get_statuses(req: func.HttpRequest) -> func.HttpResponse:
    """Read the statuses of a full commit id in every repository."""
    from shared.app.views import read_status

    viewer_of(req)
    return json_answer(read_status.statuses(app(), req.route_params["commit"]))


@queries.get("api/holds", Operation(tag="holds", who="readers", answer="HoldsView"))
def get_holds(req: func.HttpRequest) -> func.HttpResponse:
    """Read the holds on everything, on environments and on services."""
    from shared.app.views import read_status
    from shared.app.views.answers import HoldsView

    viewer_of(req)
    return json_answer(HoldsView(holds=read_status.holds(app())))


@queries.get("api/poison", Operation(tag="poison", who="readers", answer="PoisonPage", query=(POISON_AFTER, MESSAGES)))
def get_poison(req: func.HttpRequest) -> func.HttpResponse:
    """Read a page of them, the newest first."""
    from shared.app.views.poison import poison_page

    viewer_of(req)
    return json_answer(poison_page(app(), after=POISON_AFTER.of(req.params), most=MESSAGES.of(req.params)))


@queries.get("api/poison/{poison}", Operation(tag="poison", who="readers", answer="PoisonDetail"))
def get_poison_message(req: func.HttpRequest) -> func.HttpResponse:
    """Read it whether or not somebody settled it, and who did."""
    from shared.app.operating.poison import number_of
    from shared.app.views.poison import poison_detail

    viewer_of(req)
    return json_answer(poison_detail(app(), number_of(req.route_params["poison"])))


@queries.get("api/health", Operation(tag="about", who="anybody", answer="HealthView", also={503: "HealthView"}))
def get_health(req: func.HttpRequest) -> func.HttpResponse:
    """Answer 200 also with a faulty slipway.yaml, as the last good one stays in force; 503 where nothing can be kept.

    Anybody is told the status, as what watches has no key; what is wrong is for readers.
    """
    from shared.app.views.health import down, for_anybody, health
    from shared.inbound.problems import problem_of
    from shared.ports.store import StoreFull, StoreUnavailable

    try:
        found = health(app())
    except StoreUnavailable as error:
        store: Literal["full", "unavailable"] = "full" if isinstance(error, StoreFull) else "unavailable"
        return json_answer(down(store, problem_of(error).detail), status=503, headers={"Retry-After": "5"})
    return json_answer(found if may_read(req) else for_anybody(found))


@queries.get("api/openapi.json", Operation(tag="about", who="anybody", answer="application/json"))
def get_openapi(req: func.HttpRequest) -> func.HttpResponse:
    """Read the API's OpenAPI 3.1 document.

    It holds nothing of what is released, and tools that make a client have no key: so nobody has to sign in.
    """
    return func.HttpResponse(_document(), mimetype="application/json", headers=PLAIN)


@functools.cache
def _document() -> bytes:
    """Make it once per process, when somebody asks."""
    from shared.openapi.document import document, encoded

    return encoded(document(routes()))
