"""The newest that was said about a commit ↔ stored bytes: the partition `said~<repository>`.

Effects may be performed late or twice; what was decided first may not be said last.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.codec.fields import Fields
from shared.codec.keys import encode_part
from shared.codec.primitives import dump, read, whole

SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A status with its effect's order: a higher one was decided later."""

    order: int
    state: str
    description: str


def said_partition(repository: str) -> str:
    """Name the partition of a repository's rows."""
    return f"said~{encode_part(repository)}"


def said_row(commit: str, context: str) -> str:
    """Name the row of one context of a commit."""
    return f"{encode_part(commit)}~{encode_part(context)}"


def encode_said(said: Said) -> bytes:
    """Return what was said as it is stored."""
    return dump(SCHEMA, {"order": whole(said.order), "state": said.state, "description": said.description})


def decode_said(data: bytes) -> Said:
    """Read what was said; raise UnreadableRecord."""
    return read("said", SCHEMA, data, _decode)


def _decode(fields: Fields) -> Said:
    return Said(
        order=fields.number("order"),
        state=fields.text("state"),
        description=fields.text("description"),
    )
