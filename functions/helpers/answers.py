"""What every HTTP function answers with: JSON, or a problem for whatever was raised."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import azure.functions as func

if TYPE_CHECKING:
    from shared.app.views.view import View
    from shared.inbound.problems import Problem

PLAIN = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

Answer = Callable[[func.HttpRequest], func.HttpResponse]


def answering(function: Answer) -> Answer:
    """Turn what the function raises into a problem; a fault of ours shows in the log and nowhere else."""

    @functools.wraps(function)
    def answer(req: func.HttpRequest) -> func.HttpResponse:
        try:
            return function(req)
        except Exception as error:
            return problem_answer(problem_of_fault(error, function.__name__))

    return answer


def problem_of_fault(error: Exception, name: str) -> Problem:
    """Say what an exception means to the caller, and log it where it is not the caller's fault."""
    from shared.inbound.problems import problem_of
    from shared.telemetry import log_event, log_fault

    problem = problem_of(error)
    if problem.code == "fault":
        log_fault("function.failed", error, function=name)
    elif problem.retry_after is not None:
        log_event("function.unavailable", function=name, code=problem.code, reason=str(error))
    return problem


def json_answer(view: View, *, status: int = 200, headers: Mapping[str, str] | None = None) -> func.HttpResponse:
    """Answer with JSON that nobody caches."""
    from shared.app.views.view import encode

    return func.HttpResponse(
        encode(view), status_code=status, mimetype="application/json", headers={**PLAIN, **(headers or {})}
    )


def problem_answer(problem: Problem) -> func.HttpResponse:
    """Answer with a problem, and when to try again."""
    return func.HttpResponse(
        json.dumps(problem.members()),
        status_code=int(problem.status),
        mimetype="application/problem+json",
        headers={**PLAIN, **problem.headers()},
    )


def headers_of(req: func.HttpRequest) -> dict[str, str]:
    """Return the request's headers by lower-case names."""
    return {name.lower(): value for name, value in req.headers.items()}
