"""What every event of a service has."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.names import ServiceKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to one service. `id` makes a second delivery harmless."""

    id: str
    service: ServiceKey
