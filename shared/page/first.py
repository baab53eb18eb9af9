"""What the first page begins with: what waits for whoever looks, and what just failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shared.app.handling.links import page_of
from shared.app.people.authorize import Viewer
from shared.app.views.service_records import ServiceView, WayView
from shared.domain.gating.gate import OPERATORS
from shared.domain.state.failure import Failure
from shared.page.html import Html, element
from shared.page.parts import badge, moment, section


def waits_for_you(services: Iterable[ServiceView], viewer: Viewer) -> Html | None:
    """Name what this person can answer, or, as an operator, let go on; nothing where nothing waits for them."""
    found = [
        element("li", _service(service.repository, service.service, way.version), f" {way.version} ", *what)
        for service in services
        for one in service.environments
        for way in one.on_the_way
        if (what := list(_yours(way, viewer)))
    ]
    return section("Waits for you", element("ul", found, class_="first"), id_="yours") if found else None


def _yours(way: WayView, viewer: Viewer) -> Iterator[Html | str]:
    one = way.promotion
    approval = one.approval
    if approval is not None and approval.open and approval.objection == "":
        yield from ("to ", element("b", one.environment), ": your approval, asked ", moment(approval.asked))
        if one.older:
            yield from (" · ", element("span", one.older, class_="older"))
        return
    first = one.blockers[0] if one.blockers else None
    # What time or somebody else solves does not wait for an operator.
    if viewer.operates and first is not None and not first.waiting and OPERATORS in first.who:
        yield from ("to ", element("b", one.environment), f": {first.reason}")


def just_failed(failures: Iterable[Failure]) -> Html | None:
    """Name what failed in the last hours, newest first, with the reason that its commit shows."""
    found = [
        element(
            "li",
            badge(one.state),
            " ",
            _service(one.repository, one.service, _version(one)) if one.service else element("b", one.repository),
            f"{_where(one)}: {one.description} ",
            element("small", element("code", one.commit[:12]), " · ", moment(one.at)),
        )
        for one in failures
    ]
    return section("Just failed", element("ul", found, class_="first"), id_="failed") if found else None


def _where(one: Failure) -> str:
    """Say where by the context: of `slipway/delivery/v1.0.2/qa`, ` v1.0.2 in qa`."""
    version, environment = _place(one)
    if not one.service:
        return ""
    return f" {version} in {environment}" if environment else f" {version or 'validation'}"


def _version(one: Failure) -> str:
    return _place(one)[0].removeprefix("v")


def _place(one: Failure) -> tuple[str, str]:
    version, _, environment = one.context.removeprefix(f"slipway/{one.service}").strip("/").partition("/")
    return version, environment


def _service(repository: str, service: str, version: str = "") -> Html:
    """Lead to a service, and to one of its releases there."""
    return element("a", service, href=page_of(repository, service, version), class_="service")
