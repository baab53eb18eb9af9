"""What all pages have around their content."""

from __future__ import annotations

from shared.app.people.authorize import Viewer
from shared.page.html import Child, Html, element, joined
from shared.page.static_files import address

_SCRIPTLESS = "Without JavaScript this page shows how things stand; to answer or to operate, use the API."


def layout(title: str, *content: Child, viewer: Viewer | None, mark: str = "", watch: str = "") -> str:
    """Return a whole page. `watch` is the address whose mark says that the page has changed."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("link", rel="icon", href=address("icon.svg"), type="image/svg+xml"),
        element("link", rel="stylesheet", href=address("page.css")),
        element("script", src=address("page.js"), defer=True),
    )
    body = element(
        "body",
        _top(viewer),
        element("p", id="news", role="status", aria_live="polite"),
        element("noscript", element("p", _SCRIPTLESS, class_="empty")) if viewer else None,
        element("main", *content, data_mark=mark or None, data_watch=watch or None),
        _dialog() if viewer else None,
    )
    return "<!doctype html>\n" + element("html", head, body, lang="en")


def _top(viewer: Viewer | None) -> Html:
    who = element("span", viewer.person.name, class_="who") if viewer else None
    fresh = "refreshed when something changes"
    # Its colour alone would tell nothing to who does not see it.
    pulse = element("span", "", id="pulse", role="img", title=fresh, aria_label=fresh) if viewer else None
    return element(
        "header", element("a", "Slipway", href="/", class_="brand"), element("div", pulse, who), class_="top"
    )


def _dialog() -> Html:
    """The one form that every button with a question opens."""
    choice = element("label", element("span", "Version"), element("select", name="choice"), class_="choice")
    name = element(
        "label", element("span", "Who it is (mail)"), element("input", name="name", maxlength=500), class_="name"
    )
    text = element("label", element("span", "Reason"), element("textarea", rows=3, name="text", maxlength=2000))
    buttons = element(
        "div",
        element("button", "Cancel", type="button", class_="quiet", data_close=True),
        element("button", "OK", type="submit", class_="main"),
        class_="buttons",
    )
    fault = element("p", role="alert", class_="fault")
    form = element(
        "form",
        joined([element("h2", id="ask-about"), element("p", class_="about"), choice, name, text, fault, buttons]),
    )
    return element("dialog", form, id="ask", aria_labelledby="ask-about")
