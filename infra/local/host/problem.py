"""What the host itself answers where no function does: problems of the same form as the functions'."""

from __future__ import annotations

from http import HTTPStatus

MIMETYPE = "application/problem+json"
_CODES = {
    400: "invalid",
    401: "wrong-key",
    403: "other-site",
    404: "unknown-route",
    405: "wrong-method",
    413: "too-large",
    414: "too-long",
    421: "wrong-host",
    431: "too-long",
    500: "fault",
    503: "stopping",
}


def problem(status: int, detail: str) -> dict[str, object]:
    """Return the members of a problem; `detail` says what to do."""
    title = HTTPStatus(status).phrase
    code = _CODES.get(status, title.lower().replace(" ", "-"))
    return {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
