"""What performing an effect comes to, apart from an event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from shared.domain.messages.events import BuildStarted
from shared.domain.messages.reports import Report


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Not finished yet, which is neither success nor failure; `meanwhile` is what there is to report already."""

    after: timedelta
    meanwhile: BuildStarted | None = None


@dataclass(frozen=True, slots=True)
class NothingToReport:
    """Done, or not wanted any more; no decision waits for it. `over` where a later decision took it out of the outbox."""

    over: bool = False


Performed: TypeAlias = Report | LookAgain | NothingToReport
