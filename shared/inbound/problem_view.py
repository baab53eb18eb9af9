"""What every problem says, declared once: its JSON, and its part of the API's document."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from shared.inbound.problems import Problem


class ProblemView(msgspec.Struct, frozen=True, kw_only=True):
    """Why something was not done (RFC 9457)."""

    type: Literal["about:blank"]
    title: Annotated[str, Meta(examples=["Not Found"])]
    status: Annotated[int, Meta(examples=[404])]
    detail: Annotated[str, Meta(description="for people", examples=["there is no service 'delivry'"])]
    code: Annotated[str, Meta(description="for programs", examples=["unknown-service"])]
    field: (
        Annotated[str, Meta(description="what is at fault, where it is one thing", examples=["reason"])] | UnsetType
    ) = UNSET


def shown(problem: Problem) -> dict[str, Any]:
    """Return the members that every problem has."""
    view = ProblemView(
        type="about:blank",
        title=problem.status.phrase,
        status=int(problem.status),
        detail=problem.detail,
        code=problem.code,
        field=problem.field or UNSET,
    )
    found: dict[str, Any] = msgspec.to_builtins(view)
    return found
