"""Messages in poison, which nobody could deal with: kept until a person has them delivered again, or dismisses them."""

from __future__ import annotations

from enum import StrEnum

from shared.domain.values.person import Person
from shared.domain.values.records import Record, Time


class Settling(StrEnum):
    """What a person did with one."""

    REQUEUED = "requeued"
    DISMISSED = "dismissed"


class Settled(Record):
    """Who did what with a message that lay in poison, and why."""

    how: Settling
    person: Person
    at: Time
    reason: str


class PoisonMessage(Record):
    """A message that failed as often as it may; its body is evidence.

    `type`, `message` (its id), `service` and `correlation` are what it said of itself, empty where that cannot be
    read; `reason` says what is wrong with it, as far as it shows.
    """

    number: int
    queue: str
    at: Time
    sha256: str
    size: int
    reason: str
    type: str = ""
    message: str = ""
    service: str = ""
    correlation: str = ""
    settled: Settled | None = None
