"""Queues on SQLite. The outbox rows are the queue.

An effect's row in the outbox is its message: the decision's own transaction writes it, leased to this host already. After
the commit it is handed over in memory, so that sending costs nothing more. The table is looked at only now and then, for
messages of other processes and of dead hosts.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from shared.adapters.sqlite.ahead import hand_over
from shared.adapters.sqlite.cache import Cache
from shared.adapters.sqlite.leases import POLL_SECONDS, Leases, message_id
from shared.adapters.sqlite.message_table import MessageTable, effect
from shared.adapters.sqlite.reading import DOOR
from shared.adapters.sqlite.submission import Transaction
from shared.adapters.sqlite.writer import Writer
from shared.adapters.storage import partition
from shared.adapters.storage.handling import Handling
from shared.adapters.storage.leased_message import LeasedMessage
from shared.adapters.storage.message_leases import MessageLeases
from shared.codec.envelope import addressee
from shared.domain.messages.queues import POISON, poison_of
from shared.ports.queues import Received
from shared.ports.store import OutboxRow, StoreUnavailable, TooLarge

_AGAIN = timedelta(seconds=1)  # after the store failed


class SqliteQueues:
    """Sends and receives; durable, and as fast as memory while one host does both."""

    def __init__(
        self, writer: Writer, leases: Leases, cache: Cache, delivery: MessageLeases, now: Callable[[], datetime]
    ) -> None:
        self._writer, self._leases, self._cache = writer, leases, cache
        self._delivery, self._table = delivery, MessageTable(now)
        self._numbers = itertools.count()

    def send(self, queue: str, body: str, *, delay: timedelta = timedelta(0)) -> None:
        """See Queues."""
        if len(body.encode()) > partition.MOST_VALUE:
            raise TooLarge(f"a message for {queue} is larger than {partition.MOST_VALUE} bytes; keep it as evidence")
        leased = self._door(queue, body, delay)
        self._writer.submit_deferred(lambda transaction: self._insert(transaction, [leased]))

    def send_outbox(self, service: str, rows: Sequence[OutboxRow]) -> None:
        """See Queues. Does nothing: the commit that wrote the rows has handed them over."""

    def write_outbox(
        self, transaction: Transaction, service: int, rows: Sequence[OutboxRow], done: Collection[str]
    ) -> None:
        """Insert a decision's effects and delete those that are done, in the decision's transaction."""
        if rows:
            made = [effect(service, row, row.message.delay) for row in rows]
            ahead = [one for one, row in zip(made, rows, strict=True) if row.message.looks and not one.delay]
            self._insert(transaction, made, ahead=ahead)
        if done:
            self._table.delete(transaction, service, [*done])
            self._let_go(transaction, [message_id(service, key) for key in done])

    def forget(self, service: str, keys: Sequence[str]) -> bool:
        """See Store. Does not wait for the disk if this host holds the effects."""
        if not keys:
            return False
        pending = self._writer.here.pending
        self._writer.here.check_kept()
        found = self._cache.number(service)
        ids = [message_id(found, key) for key in keys] if found else []
        if ids and not pending and self._delivery.holds(ids):
            self._delivery.forget(ids)
            self._writer.submit_lazily(ids[0], lambda transaction: _discard(self._forget(transaction, found, keys)))
            return True

        def work(transaction: Transaction) -> bool:
            number = self._cache.id_of(transaction, service)
            self._let_go(transaction, [message_id(number, key) for key in keys])
            return self._forget(transaction, number, keys)

        return self._writer.submit_deferred(work)

    def put_off(self, service: str, row: OutboxRow, *, delay: timedelta) -> None:
        """See Queues. The row, which is the message, gets another body and another time."""

        def work(transaction: Transaction) -> None:
            leased = effect(self._cache.id_of(transaction, service), row, delay)
            if self._table.put_off(transaction, leased):
                self._let_go(transaction, [leased.id])
                transaction.afterwards.append(lambda: self._delivery.offer([leased]))

        self._writer.submit_deferred(work)

    def receive(self, queue: str, *, most: int, visibility: timedelta, wait: timedelta) -> Sequence[Received]:
        """See QueueReceiver."""
        end = time.monotonic() + wait.total_seconds()
        while True:
            self._leases.poll(self._delivery)
            left = min(max(0.0, end - time.monotonic()), POLL_SECONDS)
            found = self._delivery.take(queue, most=most, visibility=visibility, wait=timedelta(seconds=left))
            if found or not left or self._delivery.closed:
                return self._kept(found)

    def receive_any(self, queues: Mapping[str, int], *, visibility: timedelta) -> Received | None:
        """See PoolReceiver. What the thread writes for the message is committed together with its acknowledgement."""
        self._writer.here.handling = None
        self._leases.poll(self._delivery)
        found = self._delivery.take_any(queues, visibility=visibility)
        leased = self._delivery.leased(found) if found is not None else None
        if leased is None:
            return None  # also where it was lost just now, with what asks for it
        self._writer.here.handling = leased.handling or Handling()
        return found

    def on_need(self, more_hands: Callable[[], None]) -> None:
        """See PoolReceiver."""
        self._delivery.on_need(more_hands)

    def delete(self, message: Received) -> None:
        """See QueueReceiver. Does not wait for the disk: a lost acknowledgement is only a second delivery."""
        leased = self._delivery.settle(message)
        if leased is None:
            return

        def work(transaction: Transaction) -> None:
            self._remove(transaction, leased)
            transaction.undone.append(lambda: self._again([leased]))

        try:
            if self._writer.here.pending:
                self._writer.submit_deferred(work)
            else:
                self._writer.here.check_kept()
                self._writer.submit_lazily(leased.id, lambda transaction: self._remove(transaction, leased))
        except StoreUnavailable:
            self._again([leased])

    def release(self, message: Received, *, delay: timedelta) -> None:
        """See QueueReceiver. Of a message that is not on disk yet nothing need be written."""
        leased = self._delivery.put_back(message, delay)
        if leased is not None and leased.handling is None:
            self._writer.submit_lazily(
                leased.id, lambda transaction: self._table.put_back(transaction, leased, message.attempts, delay)
            )

    def poison(self, message: Received, *, reason: str) -> None:
        """See QueueReceiver."""
        leased = self._delivery.settle(message)
        if leased is None:
            return
        poisoned = replace(self._door(poison_of(leased.queue), leased.body), reason=reason)

        def work(transaction: Transaction) -> None:
            self._remove(transaction, leased)
            self._insert(transaction, [poisoned])

        try:
            self._writer.submit(work)
        except BaseException:
            self._again([leased])
            raise

    def poison_queues(self) -> Sequence[str]:
        """See QueueReceiver."""
        self._leases.poll(self._delivery)
        return [queue for queue in self._delivery.sizes() if queue.endswith(POISON)]

    def count(self, queue: str) -> int:
        """See QueueReceiver."""
        query = "SELECT count(*) FROM message WHERE queue = ?"
        found: int = self._writer.submit(lambda transaction: transaction.execute(query, (queue,)).fetchone()[0])
        return found

    def _door(self, queue: str, body: str, delay: timedelta = timedelta(0)) -> LeasedMessage:
        key = f"{time.time_ns():020d}-{self._leases.process}-{next(self._numbers)}"
        id_, group = message_id(DOOR, key), addressee(body)
        return LeasedMessage(id=id_, queue=queue, body=body, delay=delay, service=str(DOOR), key=key, group=group)

    def _insert(
        self, transaction: Transaction, made: Sequence[LeasedMessage], *, ahead: Sequence[LeasedMessage] = ()
    ) -> None:
        """Insert messages, and hand them over: those `ahead` before the commit, the others after it.

        A process that is no host leases none, so that any host may claim them.
        """
        host = self._leases.host
        self._table.insert(transaction, made, host)
        if host is None:
            return
        if ahead:
            hand_over(self._delivery, transaction, ahead)
        if later := [one for one in made if one not in ahead]:
            transaction.afterwards.append(lambda: self._delivery.offer(later))

    def _let_go(self, transaction: Transaction, ids: Sequence[str]) -> None:
        """Hand these messages out no more; offer them again if the transaction fails."""
        messages = self._delivery.forget(ids)
        if messages:
            transaction.undone.append(lambda: self._again(messages))

    def _again(self, messages: Sequence[LeasedMessage]) -> None:
        """Offer messages again that could not be settled, but for those that are no more."""
        left = [one for one in messages if not one.lost]
        for one in left:
            one.delay = _AGAIN
        self._delivery.offer(left)

    def _kept(self, found: Sequence[Received]) -> Sequence[Received]:
        """Bring to the disk what asks for these messages; leave out those for which it was lost."""
        leased = [self._delivery.leased(one) for one in found]
        if all(one is not None and one.handling is None for one in leased):
            return found
        with suppress(StoreUnavailable):  # it is lost then
            self._writer.finish()
        return [
            message
            for message, one in zip(found, leased, strict=True)
            if one is not None and one.handling is None and self._delivery.leased(message) is not None
        ]

    def _remove(self, transaction: Transaction, leased: LeasedMessage) -> None:
        self._forget(transaction, int(leased.service), [leased.key])

    def _forget(self, transaction: Transaction, service: int, keys: Sequence[str]) -> bool:
        found = self._table.delete(transaction, service, keys)
        if found and service != DOOR:
            self._cache.without(service, keys)
        return found


def _discard(_: object) -> None:
    """Drop a cursor: it belongs to the writer's thread."""
