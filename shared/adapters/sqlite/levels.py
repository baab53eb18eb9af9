"""Lengths and ages of the queues on SQLite."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from shared.adapters.sqlite.readers import Readers
from shared.adapters.sqlite.schema import microseconds, moment
from shared.ports.queues import QueueLevel

_EACH = "SELECT queue, count(*), min(CASE WHEN visible_at <= ? THEN visible_at END) FROM message GROUP BY queue"
_EMPTY = QueueLevel(length=0, oldest=None)


class SqliteQueueLook:
    """Looks at the table of messages, once for all queues. A message stays in it until it is acknowledged."""

    def __init__(self, readers: Readers, now: Callable[[], datetime]) -> None:
        self._readers, self._now = readers, now

    def levels(self, queues: Sequence[str]) -> Mapping[str, QueueLevel]:
        """See QueueLook."""
        with self._readers.snapshot() as connection:
            rows = connection.execute(_EACH, (microseconds(self._now()),)).fetchall()
        found = {name: QueueLevel(count, None if at is None else moment(at)) for name, count, at in rows}
        return {queue: found.get(queue, _EMPTY) for queue in queues}
