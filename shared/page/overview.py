"""The first page: services by environments."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from shared.app.authorize import Viewer
from shared.app.read_overview import Overview
from shared.app.views.records import ServiceView
from shared.page.environments import environment
from shared.page.html import Html, element
from shared.page.layout import layout
from shared.page.notices import faults, holds
from shared.page.parts import badge

_HELD = 3


def overview(found: Overview, viewer: Viewer) -> str:
    """Return the page."""
    more = element("a", "More services", href=f"/?{urlencode({'after': found.next})}") if found.next else None
    empty = element("p", "No service is known yet. Push a slipway.yaml to the default branch.", class_="empty")
    return layout(
        "Slipway",
        faults(found.repositories),
        holds(found.holds, viewer),
        _table(found.services, viewer) if found.services else empty,
        more,
        element("p", element("a", "History of holds", href="/holds")),
        viewer=viewer,
        mark=found.mark,
        watch="/api/mark",
    )


def _table(services: tuple[ServiceView, ...], viewer: Viewer) -> Html:
    columns = list(dict.fromkeys(one.environment for service in services for one in service.environments))
    head = element("tr", element("th", "Service", scope="col"), [element("th", name, scope="col") for name in columns])
    rows = [_row(service, columns, viewer) for service in services]
    return element(
        "div", element("table", element("thead", head), element("tbody", rows), class_="grid"), class_="wide"
    )


def _row(service: ServiceView, columns: list[str], viewer: Viewer) -> Html:
    cells = {one.environment: environment(service, one, viewer) for one in service.environments}
    return element(
        "tr",
        element("th", _name(service), scope="row"),
        [element("td", cells.get(name), data_label=name) for name in columns],
        id=f"{service.repository}-{service.service}",
    )


def _name(service: ServiceView) -> list[Html]:
    href = f"/services/{quote(service.service)}?{urlencode({'repository': service.repository})}"
    building = [
        element("div", element("b", one.version, class_="version"), " ", badge(one.phase), class_="packaging")
        for one in service.releases
        if one.artifact is None
    ]
    validating = [
        element("div", badge("running"), " ", one.ref.removeprefix("refs/heads/"), class_="packaging")
        for one in service.validations
    ]
    left = None if service.configured else " · no longer configured"
    name = element("a", service.service, href=href, class_="service")
    return [name, element("small", service.repository, left), *building, *validating, *_held(service)]


def _held(service: ServiceView) -> list[Html]:
    """The artifacts that were held last; all of them are on the service's own page."""
    held = sorted((one for one in service.holds if one.version), key=lambda one: one.since, reverse=True)
    shown = [element("div", badge("held"), " ", one.version) for one in held[:_HELD]]
    more = [element("small", f"+{len(held) - _HELD} more")] if len(held) > _HELD else []
    return [*shown, *more]
