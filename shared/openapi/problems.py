"""What a refusal looks like: RFC 9457, and beside it what was decided, where something was."""

from __future__ import annotations

from shared.app.views.answers import DecidedView
from shared.openapi.schemas import Schema, answer_components

PROBLEM, REFUSED = "Problem", "Refused"
_MEMBERS: Schema = {
    "type": {"type": "string", "const": "about:blank"},
    "title": {"type": "string", "examples": ["Not Found"]},
    "status": {"type": "integer", "examples": [404]},
    "detail": {"type": "string", "description": "for people", "examples": ["there is no service 'delivry'"]},
    "code": {"type": "string", "description": "for programs", "examples": ["unknown-service"]},
    "field": {"type": "string", "description": "what is at fault, where it is one thing", "examples": ["reason"]},
}
_ALWAYS = tuple(name for name in _MEMBERS if name != "field")


def problems() -> dict[str, Schema]:
    """Return both kinds, as components."""
    said = answer_components([DecidedView])["Decided"]
    return {
        PROBLEM: {
            "description": "Why something was not done (RFC 9457).",
            "type": "object",
            "required": list(_ALWAYS),
            "properties": _MEMBERS,
        },
        REFUSED: {
            "description": "A request that was decided on and refused; the ledger has it.",
            "type": "object",
            "required": list(dict.fromkeys((*_ALWAYS, *said["required"]))),
            "properties": {**said["properties"], **_MEMBERS},
        },
    }
