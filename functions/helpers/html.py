"""What every page answers with: HTML that runs our own script and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import azure.functions as func

from functions.helpers.answers import headers_of, problem_of_fault

# Nothing inline, nothing from elsewhere, in nobody's frame.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def page(req: func.HttpRequest, content: Callable[[func.HttpRequest], str]) -> func.HttpResponse:
    """Answer with a page, or with one that says why there is none."""
    from shared.inbound.principal import NOBODY
    from shared.page.trouble import trouble

    try:
        text, status, retry = content(req), 200, dict[str, str]()
    except Exception as error:
        problem = problem_of_fault(error, "page")
        login = _login(req) if problem.code == NOBODY else None
        if login is not None:
            return func.HttpResponse(status_code=302, headers={**HEADERS, "Location": login})
        text, status, retry = trouble(problem.status, problem.detail), int(problem.status), problem.headers()
    return func.HttpResponse(
        text, status_code=status, mimetype="text/html", charset="utf-8", headers={**HEADERS, **retry}
    )


def _login(req: func.HttpRequest) -> str | None:
    """Say where a browser signs in to come back to this page, where the platform does that for us."""
    from shared.signing_in import sign_in

    parts = urlsplit(req.url)
    return sign_in().login(headers_of(req), f"{parts.path}?{parts.query}" if parts.query else parts.path)
