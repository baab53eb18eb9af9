"""What a process may do with state, by its role: decide, or read and report. Adapters load their SDKs on first use."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from shared.config import Settings
from shared.domain.messages.queues import NONPROD, PRODUCTION

if TYPE_CHECKING:
    from shared.app.parts import App
    from shared.domain.messages.delivery import Delivery
    from shared.domain.messages.reports import Report
    from shared.ports.evidence import Evidence
    from shared.ports.queues import Queues
    from shared.ports.rows import Rows
    from shared.ports.store import Store


def state_of(
    chosen: Settings, store: Store, rows: Rows, queues: Queues, evidence: Evidence
) -> tuple[Store, Rows, Queues]:
    """Return what this process may do with state: all, where it decides, else to read it and to send what a worker sends."""
    from shared.adapters.storage.by_reference import LargeMessages

    if not chosen.decides:
        from shared.adapters.storage.of_worker import ReadOnlyRows, ReadOnlyStore, WorkerQueues

        workers = [role for role in (NONPROD, PRODUCTION) if chosen.has_role(role)]
        store, rows, queues = ReadOnlyStore(store), ReadOnlyRows(rows), WorkerQueues(queues, workers)
    return store, rows, LargeMessages(queues, evidence)


def reporting(chosen: Settings) -> Callable[[App, Report, Delivery], None]:
    """Return what takes the reports of effects: a worker whose state is in an account sends them to who decides."""
    from shared.app.handling.send_report import send_report
    from shared.app.handling.take_report import take_report

    return take_report if chosen.decides else send_report
