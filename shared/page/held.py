"""The page of people's holds: those in force, and their history."""

from __future__ import annotations

from shared.app.people.authorize import Viewer
from shared.app.views.read_overview import HoldsPage
from shared.page.html import element
from shared.page.layout import layout
from shared.page.notices import holds
from shared.page.parts import section
from shared.page.timeline import timeline


def holds_page(found: HoldsPage, viewer: Viewer) -> str:
    """Return the page."""
    nothing = element("p", "Nobody has held anything yet.", class_="empty")
    return layout(
        "Holds · Slipway",
        element("h1", "Holds"),
        holds(found.holds, viewer) or element("p", "People hold nothing now.", class_="empty"),
        element(
            "p",
            "Versions that were rolled back are held as well: they stand beside their ",
            element("a", "services", href="/"),
            ", and are let go on the service's own page.",
        ),
        section(
            "Who held and lifted what, and what went to poison",
            timeline(found.timeline) if found.timeline else nothing,
            id_="history",
        ),
        viewer=viewer,
        mark=found.mark,
        watch="/api/mark?of=holds",
    )
