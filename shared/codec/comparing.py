"""Why a repository's branches cannot be compared ↔ stored bytes: a row of the repository's, beside its tips."""

from __future__ import annotations

from shared.codec.fields import Fields
from shared.codec.primitives import dump, read, time_text
from shared.domain.repository import NotCompared

SCHEMA = 1
# Whoever compares reads the tips, too: one prefix has both, so that it is one reading while there is nothing to tell.
ROW, BESIDE_TIPS = "tips-trouble", "tip"


def encode_trouble(found: NotCompared) -> bytes:
    """Return what is kept of it."""
    return dump(SCHEMA, {"reason": found.reason, "since": time_text(found.since)})


def decode_trouble(data: bytes) -> NotCompared:
    """Read it; raise UnreadableRecord."""
    return read("comparing", SCHEMA, data, _decode)


def _decode(fields: Fields) -> NotCompared:
    return NotCompared(reason=fields.text("reason"), since=fields.time("since"))
