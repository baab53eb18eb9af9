"""The first page: services by environments."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from shared.app.handling.links import page_of
from shared.app.operating.finding import Chosen
from shared.app.people.authorize import Viewer
from shared.app.views.read_overview import Overview
from shared.app.views.service_records import ServiceView
from shared.page.environments import environment
from shared.page.first import just_failed, waits_for_you
from shared.page.html import Html, element
from shared.page.layout import layout
from shared.page.notices import faults, holds, not_compared, poison
from shared.page.parts import badge

_HELD = 3
_REMEMBERED = 20  # pages that one can go back to; then the first one comes


def overview(found: Overview, viewer: Viewer, *, earlier: str = "") -> str:
    """Return the page. `earlier` are the starts of the pages that were read before this one, the last one last."""
    chosen = found.chosen
    watched = urlencode(_query(chosen, chosen.after))
    return layout(
        "Slipway",
        element("h1", "Services"),
        faults(found.repositories),
        not_compared(found.repositories),
        poison(found.poison),
        holds(found.holds, viewer),
        waits_for_you(found.services, viewer),
        just_failed(found.failures),
        _filter(found),
        _table(found.services, viewer) if found.services else element("p", _nothing(chosen), class_="empty"),
        _pages(found, [one for one in earlier.split(",") if one]),
        element("p", element("a", "History of holds", href="/holds")),
        viewer=viewer,
        mark=found.mark,
        watch=f"/api/mark?{watched}" if watched else "/api/mark",
    )


def _nothing(chosen: Chosen) -> str:
    if chosen == Chosen():
        return "No service is known yet. Push a slipway.yaml to the default branch."
    return "No service fits."


def _query(chosen: Chosen, after: str, earlier: Sequence[str] = ()) -> dict[str, str]:
    """What an address asks for, without what is empty."""
    asked = {"repository": chosen.repository, "name": chosen.name, "after": after, "earlier": ",".join(earlier)}
    return {name: value for name, value in asked.items() if value}


def _filter(found: Overview) -> Html:
    """Choose by repository and by how a name begins; works without the script."""
    repositories = sorted({one.name for one in found.repositories} | {found.chosen.repository} - {""})
    options = [element("option", "every repository", value="")] + [
        element("option", name, value=name, selected=name == found.chosen.repository) for name in repositories
    ]
    text = element(
        "input",
        type="search",
        name="name",
        value=found.chosen.name or None,
        placeholder="name begins with",
        aria_label="Name begins with",
    )
    return element(
        "form",
        element("select", options, name="repository", aria_label="Repository") if len(repositories) > 1 else None,
        text,
        element("button", "Show", type="submit", class_="quiet"),
        method="get",
        action="/",
        role="search",
        class_="filter",
    )


def _pages(found: Overview, earlier: list[str]) -> Html | None:
    """Where the pages before and after this one are."""
    chosen = found.chosen
    links = []
    if chosen.after:
        before = earlier[-1] if earlier else ""
        links.append(_link("Previous services", _query(chosen, before, earlier[:-1]), rel="prev"))
    if found.next:
        passed = [*earlier, chosen.after] if chosen.after else []
        links.append(_link("More services", _query(chosen, found.next, passed[-_REMEMBERED:]), rel="next"))
    return element("nav", links, class_="pages", aria_label="Pages") if links else None


def _link(text: str, query: dict[str, str], *, rel: str) -> Html:
    return element("a", text, href=f"/?{urlencode(query)}" if query else "/", rel=rel)


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
    href = page_of(service.repository, service.service)
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
