"""A page that says why there is no other."""

from __future__ import annotations

from http import HTTPStatus

from shared.page.html import element
from shared.page.layout import layout

_HINTS = {
    HTTPStatus.UNAUTHORIZED: "On one machine, open the sign-in link that the local host prints when it starts.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Nothing is lost; reload the page in a moment.",
}
_TITLES = {
    HTTPStatus.UNAUTHORIZED: "Sign in first",
    HTTPStatus.FORBIDDEN: "Not for you",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not now",
}


def trouble(status: HTTPStatus, detail: str) -> str:
    """Return the page for a status."""
    hint = _HINTS.get(status)
    return layout(
        f"{status.phrase} · Slipway",
        element("h1", _TITLES.get(status, status.phrase)),
        element("p", detail[:1].upper() + detail[1:] + "."),
        element("p", hint, class_="empty") if hint else None,
        element("p", element("a", "All services", href="/")) if status is HTTPStatus.NOT_FOUND else None,
        viewer=None,
    )
