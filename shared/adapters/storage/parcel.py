"""A message as the host that has its lease holds it in memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(slots=True, kw_only=True)
class Parcel:
    """A message as the host holds it. `delay` is how long after it is offered it may be seen (less than nothing: it was to
    be seen before others), `attempts` counts deliveries, `token` changes whenever its time does. Groups take turns.
    `reason` is why it lies in poison."""

    id: str
    queue: str
    body: str
    delay: timedelta = timedelta(0)
    attempts: int = 0
    service: str = ""
    key: str = ""
    group: str = ""
    token: int = 0
    reason: str = ""
