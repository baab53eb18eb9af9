"""What performing an effect comes to, apart from an event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from shared.domain.messages.events import ServiceEvent


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Not finished yet, which is neither success nor failure; `meanwhile` is what there is to report already."""

    after: timedelta
    meanwhile: ServiceEvent | None = None


@dataclass(frozen=True, slots=True)
class NothingToReport:
    """Done, or not wanted any more; no decision waits for it. `over` where a later decision took it out of the outbox."""

    over: bool = False


Performed: TypeAlias = ServiceEvent | LookAgain | NothingToReport


def report_id(effect_id: str) -> str:
    """Name the report of an effect: only the first one counts."""
    return f"{effect_id}:done"
