"""What a worker that is a process of its own does with what it reports: sends it to its queue of reports."""

from __future__ import annotations

from shared.app.parts import App
from shared.codec.envelope import encode_report
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.queues import reports_queue_of
from shared.domain.messages.reports import Report


def send_report(app: App, event: Report, delivery: Delivery) -> None:
    """Send a report to control; raise what storage raises, and then the effect's message comes again."""
    app.queues.send(reports_queue_of(delivery.worker), encode_report(event, delivery.reported(), at=app.now()))
