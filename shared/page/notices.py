"""What stands above everything: faults of the configuration, messages in poison, and holds."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlencode

from shared.app.people.authorize import Viewer
from shared.app.views.health import RepositoryView
from shared.app.views.poison import COUNTED
from shared.app.views.service_records import HoldView
from shared.domain.values.words import counted
from shared.page.html import Html, element
from shared.page.parts import actions, button, moment


def faults(repositories: Iterable[RepositoryView]) -> list[Html]:
    """Say what is wrong with a slipway.yaml, and which one is in force instead."""
    return [_fault(one) for one in repositories if one.configuration.faults]


def not_compared(repositories: Iterable[RepositoryView]) -> list[Html]:
    """Say whose branches cannot be compared, so that pushes may go unnoticed."""
    return [
        element(
            "div",
            element("b", f"Branches of {one.name} cannot be compared. "),
            f"Pushes that no hook tells of are not noticed, {one.not_compared}",
            class_="notice bad",
            role="alert",
        )
        for one in repositories
        if one.not_compared
    ]


def _fault(one: RepositoryView) -> Html:
    found = one.configuration
    force = f"The one of {found.commit[:12]} stays in force." if found.commit else "None is in force."
    return element(
        "div",
        element("b", f"slipway.yaml of {one.name} at {found.faulty_commit[:12]} is faulty. "),
        force,
        element("ul", [element("li", element("code", fault)) for fault in found.faults]),
        class_="notice bad",
        role="alert",
    )


def poison(count: int) -> Html | None:
    """Say how many messages lie in poison, and where to look at them."""
    if not count:
        return None
    many = f"{COUNTED} or more messages" if count >= COUNTED else counted(count, "message")
    what = element("b", f"{many} failed as often as allowed and went to poison. ")
    return element(
        "div", what, element("a", "Look at what is there", href="/poison"), class_="notice bad", role="alert"
    )


def holds(found: Iterable[HoldView], viewer: Viewer, *, repository: str = "") -> list[Html]:
    """Show each hold, and let operators lift it; `repository` is where an artifact's hold belongs."""
    return [_hold(one, viewer, repository) for one in found]


def _hold(one: HoldView, viewer: Viewer, repository: str) -> Html:
    what = f"artifact {one.version}" if one.version else one.scope.replace("environment:", "").replace("service:", "")
    query = f"?{urlencode({'repository': repository})}" if one.version and repository else ""
    lift = button(
        "Lift",
        f"/api/holds/{quote(one.id, safe='')}{query}",
        method="DELETE",
        about=f"Lift the hold on {what}",
        text="reason",
        class_="quiet",
    )
    return element(
        "div",
        element("div", element("b", f"Hold on {what}: "), one.reason),
        element(
            "small",
            f"by {one.person.name} " if one.person else None,
            "since ",
            moment(one.since),
            (" · ends ", moment(one.until)) if one.until else None,
        ),
        actions(lift) if viewer.operates else None,
        class_="notice wait",
    )
