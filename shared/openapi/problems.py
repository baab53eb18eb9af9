"""What a refusal looks like: RFC 9457, and beside it what was decided, where something was."""

from __future__ import annotations

from shared.app.views.answers import DecidedView
from shared.inbound.problem_view import ProblemView
from shared.openapi.schemas import Schema, answer_components, components

PROBLEM, REFUSED = "Problem", "Refused"


def problems() -> dict[str, Schema]:
    """Return both kinds, as components."""
    problem, decided = components([ProblemView])[PROBLEM], answer_components([DecidedView])["Decided"]
    return {
        PROBLEM: problem,
        REFUSED: {
            "description": "A request that was decided on and refused; the ledger has it.",
            "type": "object",
            "required": list(dict.fromkeys((*problem["required"], *decided["required"]))),
            "properties": {**decided["properties"], **problem["properties"]},
        },
    }
