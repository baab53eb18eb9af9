"""Failures ↔ stored bytes: one row for each service and place, the newest counts."""

from __future__ import annotations

from shared.codec.fields import Fields
from shared.codec.keys import encode_part
from shared.codec.primitives import dump, read, time_text
from shared.domain.failure import Failure

SCHEMA = 1


def failure_row(failure: Failure) -> str:
    """Name the row by what failed."""
    return "~".join(encode_part(one) for one in (failure.repository, failure.service, failure.context))


def encode_failure(failure: Failure) -> bytes:
    """Return a failure as it is stored."""
    return dump(
        SCHEMA,
        {
            "at": time_text(failure.at),
            "commit": failure.commit,
            "context": failure.context,
            "description": failure.description,
            "repository": failure.repository,
            "service": failure.service,
            "state": failure.state,
        },
    )


def decode_failure(data: bytes) -> Failure:
    """Read a failure; raise UnreadableRecord."""
    return read("failure", SCHEMA, data, _decode)


def _decode(fields: Fields) -> Failure:
    return Failure(
        at=fields.time("at"),
        commit=fields.text("commit"),
        context=fields.text("context"),
        description=fields.text("description"),
        repository=fields.text("repository"),
        service=fields.text("service"),
        state=fields.text("state"),
    )
