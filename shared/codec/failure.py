"""Failures: one row for each service and place, the newest counts."""

from __future__ import annotations

from shared.codec.keys import encode_part
from shared.codec.stored import Stored
from shared.domain.state.failure import Failure

FAILURES = Stored[Failure]("failure", Failure)


def failure_row(failure: Failure) -> str:
    """Name the row by what failed."""
    return "~".join(encode_part(one) for one in (failure.repository, failure.service, failure.context))
