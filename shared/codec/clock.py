"""What a tick's clock showed ↔ stored bytes: one row, beside the services' partitions."""

from __future__ import annotations

from datetime import datetime

from shared.codec.fields import Fields
from shared.codec.primitives import dump, read, time_text

SCHEMA = 1
# No repository's name holds a "~": none has this partition.
PARTITION, ROW = "clock~tick", "shown"


def encode_shown(shown: datetime) -> bytes:
    """Return the latest time that any tick was run at."""
    return dump(SCHEMA, {"at": time_text(shown)})


def decode_shown(data: bytes) -> datetime:
    """Read it; raise UnreadableRecord."""
    return read("clock", SCHEMA, data, _decode_shown)


def _decode_shown(fields: Fields) -> datetime:
    return fields.time("at")
