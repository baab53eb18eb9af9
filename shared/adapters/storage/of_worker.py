"""What a worker that is an app of its own may do with state: read it, and send to the queues that it has to do with.

Its identity needs no rights beyond that, and whatever would write is refused in the process already. Evidence is not among
it: that is content under its own hash, which a worker adds to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from typing import NoReturn

from shared.domain.messages.queues import QUEUES
from shared.ports.queues import Queues
from shared.ports.rows import Rows
from shared.ports.store import Committed, Due, Loaded, OutboxRow, Store, StoreRefused, Write


def _refuse(what: str) -> NoReturn:
    raise StoreRefused(f"a worker was to {what}, and writes no state; it reports, and control decides")


class ReadOnlyStore:
    """The services' partitions, to be read."""

    def __init__(self, store: Store) -> None:
        self.check, self.read, self.row, self.range = store.check, store.read, store.row, store.range
        self.ledger, self.services, self.due = store.ledger, store.services, store.due
        self.sequences, self.heads = store.sequences, store.heads

    def transact(
        self,
        service: str,
        event_id: str,
        fn: Callable[[Loaded], Write | None],  # noqa: ARG002 - the port's
        *,
        seen_for: timedelta = timedelta(0),  # noqa: ARG002 - the port's
    ) -> Committed:
        """Refuse it."""
        _refuse(f"decide on {event_id} of {service}")

    def forget(self, service: str, keys: Sequence[str]) -> bool:
        """Refuse it."""
        _refuse(f"take {', '.join(keys)} out of the outbox of {service}")

    def add_due(self, service: str, due: Due) -> str:
        """Refuse it."""
        _refuse(f"have {service} looked at for {due.what}")

    def remove_due(self, keys: Sequence[str], *, decided: bool = True) -> None:  # noqa: ARG002 - the port's
        """Refuse it."""
        _refuse(f"remove the hints {', '.join(keys)}")

    def prune(self, service: str, *, most: int) -> int:
        """Refuse it."""
        _refuse(f"remove {most} marks of {service}")


class ReadOnlyRows:
    """Rows outside of services, to be read."""

    def __init__(self, rows: Rows) -> None:
        self.get, self.list, self.list_each = rows.get, rows.list, rows.list_each

    def put(self, partition: str, key: str, value: bytes, *, etag: str | None) -> str:  # noqa: ARG002 - the port's
        """Refuse it."""
        _refuse(f"write the row {key} of {partition}")

    def overwrite(self, partition: str, key: str, value: bytes) -> None:  # noqa: ARG002 - the port's
        """Refuse it."""
        _refuse(f"write the row {key} of {partition}")

    def delete(self, partition: str, key: str, *, etag: str) -> None:  # noqa: ARG002 - the port's
        """Refuse it."""
        _refuse(f"delete the row {key} of {partition}")


class WorkerQueues:
    """The queues that a worker takes effects from, to send one again, and those of its reports."""

    def __init__(self, queues: Queues, workers: Collection[str]) -> None:
        self._queues = queues
        self._own = {name for name, one in QUEUES.items() if one.worker in workers or one.reports_of in workers}

    def send(self, queue: str, body: str, *, delay: timedelta = timedelta(0)) -> None:
        """See Queues; refuse another queue."""
        self._check(queue)
        self._queues.send(queue, body, delay=delay)

    def send_outbox(self, service: str, rows: Sequence[OutboxRow]) -> None:
        """Refuse it."""
        _refuse(f"send {len(rows)} effects of {service}")

    def put_off(self, service: str, row: OutboxRow, *, delay: timedelta) -> None:
        """See Queues; refuse another queue."""
        self._check(row.message.queue)
        self._queues.put_off(service, row, delay=delay)

    def _check(self, queue: str) -> None:
        if queue not in self._own:
            _refuse(f"send to {queue}")
