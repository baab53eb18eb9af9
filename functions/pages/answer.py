"""What every page answers with: HTML that runs our own script and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import azure.functions as func

from functions.answers import problem_of_fault

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
    from shared.page.trouble import trouble

    try:
        text, status, retry = content(req), 200, dict[str, str]()
    except Exception as error:
        problem = problem_of_fault(error, "page")
        text, status, retry = trouble(problem.status, problem.detail), int(problem.status), problem.headers()
    return func.HttpResponse(
        text, status_code=status, mimetype="text/html", charset="utf-8", headers={**HEADERS, **retry}
    )
