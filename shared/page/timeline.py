"""The ledger as a timeline: who did what, the newest first."""

from __future__ import annotations

from collections.abc import Sequence

from shared.app.views.ledger import EntryView
from shared.page.html import Html, element
from shared.page.parts import badge, moment


def timeline(entries: Sequence[EntryView]) -> Html:
    """Show entries with what was decided."""
    return element("ol", [_entry(one) for one in entries], class_="timeline")


def _entry(one: EntryView) -> Html:
    notes = list(one.notes) or ([one.reason] if one.reason else [])
    loud = one.outcome in ("refused", "ignored")
    return element(
        "li",
        moment(one.at),
        element(
            "div",
            element("b", one.type.replace("-", " ")),
            element("span", f" by {one.person.name}") if one.person else None,
            (" ", badge(one.outcome)) if loud else None,
            [element("div", note) for note in notes],
            element("div", one.reason) if loud and one.notes and one.reason else None,
        ),
        element("small", f"{one.sequence}", title=f"hash {one.hash}"),
        # What only gathered facts is there, and stands back.
        class_=None if notes or one.person else "still",
    )
