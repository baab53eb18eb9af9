"""Messages that no queue can hold. The body is kept as evidence, and a small message that names it is sent instead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from shared.adapters.storage import partition
from shared.adapters.storage.sizes import message_text
from shared.codec.envelope import reference_to
from shared.ports.evidence import Evidence
from shared.ports.queues import Queues
from shared.ports.store import OutboxRow

_LONGEST = 6  # bytes of a character at most, as an escape


class LargeMessages:
    """Sends what fits as it is. The outbox always fits: its rows hold no more than a message."""

    def __init__(self, queues: Queues, evidence: Evidence) -> None:
        self._queues, self._evidence = queues, evidence

    def send(self, queue: str, body: str, *, delay: timedelta = timedelta(0)) -> None:
        """See Queues."""
        if _LONGEST * len(body) > partition.MOST_VALUE and len(message_text(body).encode()) > partition.MOST_VALUE:
            body = reference_to(body, self._evidence.put(body.encode()))
        self._queues.send(queue, body, delay=delay)

    def send_outbox(self, service: str, rows: Sequence[OutboxRow]) -> None:
        """See Queues."""
        self._queues.send_outbox(service, rows)

    def put_off(self, service: str, row: OutboxRow, *, delay: timedelta) -> None:
        """See Queues."""
        self._queues.put_off(service, row, delay=delay)
