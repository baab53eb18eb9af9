"""The page of messages in poison that nobody has settled."""

from __future__ import annotations

from shared.app.people.authorize import Viewer
from shared.app.views.poison import PoisonPage, PoisonView
from shared.domain.values.words import counted
from shared.page.html import Html, element
from shared.page.layout import layout
from shared.page.parts import actions, button, moment


def poison_messages(found: PoisonPage, mark: str, viewer: Viewer) -> str:
    """Return the page."""
    nothing = element("p", "No message lies in poison.", class_="empty")
    older = element("a", "Earlier messages", href=f"/poison?after={found.next}") if found.next else None
    return layout(
        "Poison · Slipway",
        element("h1", "Messages in poison"),
        [_message(one, viewer) for one in found.messages] or nothing,
        older,
        viewer=viewer,
        mark=mark,
        watch="/api/mark?of=poison",
    )


def _message(one: PoisonView, viewer: Viewer) -> Html:
    what = one.type or "An unreadable message"
    return element(
        "div",
        element("div", element("b", f"{one.number}: {what} "), element("code", one.message) if one.message else None),
        element("div", one.reason),
        element(
            "small",
            f"from {one.queue}",
            f" for {one.service}" if one.service else None,
            " since ",
            moment(one.at),
            f" · {counted(one.size, 'byte')} · ",
            element("a", "all of it", href=f"/api/poison/{one.number}"),
        ),
        _buttons(one.number, what) if viewer.operates else None,
        class_="notice bad",
    )


def _buttons(number: int, what: str) -> Html | None:
    about = f"{what} (message {number})"
    requeue = button(
        "Requeue", f"/api/poison/{number}/requeue", about=f"Deliver again: {about}", text="reason", class_="quiet"
    )
    dismiss = button(
        "Dismiss", f"/api/poison/{number}/dismiss", about=f"Be done with: {about}", text="reason", class_="danger"
    )
    return actions(requeue, dismiss)
