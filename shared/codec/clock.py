"""What a tick's clock showed: one row, beside the services' partitions."""

from __future__ import annotations

from shared.codec.stored import Stored
from shared.domain.values.records import Record, Time

# No repository's name holds a "~": none has this partition.
PARTITION, ROW = "clock~tick", "shown"


class Shown(Record):
    """The latest time that any tick was run at."""

    at: Time


SHOWN = Stored[Shown]("clock", Shown)
