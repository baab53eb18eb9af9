"""What every event of a service has."""

from __future__ import annotations

from shared.domain.values.names import ServiceKey
from shared.domain.values.records import Record


class Event(Record, tag_field="type"):
    """Something that happened to one service. `id` makes a second delivery harmless."""

    id: str
    service: ServiceKey
