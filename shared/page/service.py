"""One service: its environments, releases, promotions, blockers and timeline."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from shared.app.people.authorize import Viewer
from shared.app.views.read_overview import ServicePage
from shared.app.views.service_records import ServiceView
from shared.page.environments import environment
from shared.page.html import Html, element
from shared.page.layout import layout
from shared.page.notices import faults, holds, not_compared, poison
from shared.page.parts import section
from shared.page.releases import release
from shared.page.timeline import timeline


def service_page(found: ServicePage, viewer: Viewer) -> str:
    """Return the page."""
    service = found.service
    query = {"repository": service.repository}
    here = f"/services/{quote(service.service)}"
    older = (
        element("a", "Earlier releases", href=f"{here}?{urlencode({**query, 'after': found.next})}")
        if found.next
        else None
    )
    open_ones = [release(service, one, viewer, found.evidence) for one in service.releases]
    ended = [release(service, one, viewer, found.evidence) for one in found.ended]
    none = element("p", "none", class_="empty")
    return layout(
        f"{service.service} · Slipway",
        element("h1", service.service, " ", element("small", service.repository)),
        faults(found.repositories),
        not_compared(found.repositories),
        poison(found.poison),
        holds(service.holds, viewer, repository=service.repository),
        section("Environments", _environments(service, viewer), id_="environments"),
        section("Under way", open_ones or none, id_="under-way") if not found.continued else None,
        section("Ended", ended or none, older, id_="ended"),
        section("Timeline", timeline(found.timeline), id_="timeline"),
        viewer=viewer,
        mark=found.mark,
        watch=f"/api/mark?{urlencode({'service': service.service, **query})}",
    )


def _environments(service: ServiceView, viewer: Viewer) -> Html:
    return element(
        "div",
        [
            element(
                "div",
                element(
                    "h3",
                    one.environment,
                    element("small", f" after {', '.join(one.after)}") if one.after else None,
                ),
                environment(service, one, viewer, whole=True),
                class_="card",
            )
            for one in service.environments
        ],
        class_="cards",
    )
