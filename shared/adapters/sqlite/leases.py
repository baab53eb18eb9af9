"""Leases: which host has which message.

A message's row names the host that has its lease. A host holds a lock file for as long as it lives, and the kernel drops
the lock with the process. So a lease in the file needs no time: a dead host's leases are free at once, and a living host's
never run out. When a receiver within the host has to be done with a message is kept in memory (`storage/message_leases.py`).
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from shared.adapters.sqlite.locks import HostLock
from shared.adapters.sqlite.readers import Readers
from shared.adapters.sqlite.reading import DOOR
from shared.adapters.sqlite.schema import microseconds
from shared.adapters.sqlite.submission import Transaction
from shared.adapters.sqlite.writer import Writer
from shared.adapters.storage.leased_message import LeasedMessage
from shared.adapters.storage.message_leases import MessageLeases
from shared.codec.envelope import addressee

POLL_SECONDS = 1.0
_MOST = 500
# Messages that become visible later are claimed too, and their delay is kept in memory. By a clock that was set back, or
# that is behind the writer's, their time would be a long way off.
_UNLEASED = "SELECT service, key FROM message WHERE host IS NULL ORDER BY visible_at LIMIT ?"
_CLAIM = (
    f"UPDATE message SET host = ? WHERE (service, key) IN ({_UNLEASED}) "
    "RETURNING service, key, queue, body, delay, visible_at, attempts, reason"
)


class Leases:
    """Makes this process a host, and claims messages that no living host has."""

    def __init__(self, path: Path, writer: Writer, readers: Readers, now: Callable[[], datetime]) -> None:
        self._path, self._writer, self._readers, self._now = path, writer, readers, now
        self.process = uuid.uuid4().hex[:8]
        self._lock: HostLock | None = None
        self._starting = threading.Lock()
        self._polling = threading.Lock()
        self._next_poll = 0.0
        self._closed = False

    @property
    def host(self) -> str | None:
        """This host's id; None while the process only writes."""
        lock = self._lock  # another thread may stop being a host
        return lock.id if lock else None

    def start(self) -> None:
        """Become a host, and free the leases of dead hosts. A second call is harmless."""
        with self._starting:
            if self._lock is None:
                lock = HostLock(self._path)
                query = "SELECT DISTINCT host FROM message WHERE host IS NOT NULL"
                with self._readers.snapshot() as connection:
                    hosts = {host for (host,) in connection.execute(query)}
                self._free(lock, hosts | set(lock.others()))
                self._lock = lock

    def poll(self, delivery: MessageLeases) -> None:
        """Claim and offer messages that no living host has, unless that was done a moment ago."""
        if time.monotonic() < self._next_poll or not self._polling.acquire(blocking=False):
            return
        try:
            if self._closed:
                return
            self.start()
            if self._lock is not None:
                self._free(self._lock, set(self._lock.others()))
            found = self._claim()
            delivery.offer(found)
            self._next_poll = time.monotonic() + (POLL_SECONDS if len(found) < _MOST else 0)
        finally:
            self._polling.release()

    def close(self, delivery: MessageLeases) -> None:
        """Give the leases back with each message's count of deliveries, and stop being a host."""
        with self._polling, self._starting:
            self._closed = True
            if self._lock is not None:
                lock, self._lock = self._lock, None
                try:
                    self._writer.submit(lambda transaction: _give_back(transaction, lock.id, delivery.delivered()))
                finally:
                    lock.close()

    def _free(self, lock: HostLock, hosts: set[str]) -> None:
        dead = [host for host in hosts if lock.dead(host)]
        if dead:
            self._writer.submit(lambda transaction: _release(transaction, dead))
            for host in dead:
                lock.bury(host)

    def _claim(self) -> list[LeasedMessage]:
        with self._readers.snapshot() as connection:
            if connection.execute(_UNLEASED, (1,)).fetchone() is None:
                return []
        return self._writer.submit(lambda transaction: _claim(transaction, self.host, microseconds(self._now())))


def message_id(service: int, key: str) -> str:
    """Name a message by its row; a key holds no slash."""
    return f"{service}/{key}"


def _release(transaction: Transaction, hosts: list[str]) -> None:
    # The dead host may have delivered a message once more than it counted.
    update = "UPDATE message SET host = NULL, attempts = attempts + 1 WHERE host = ?"
    transaction.executemany(update, [(host,) for host in hosts])


def _give_back(transaction: Transaction, host: str, delivered: list[LeasedMessage]) -> None:
    counted = [(leased.attempts, int(leased.service), leased.key) for leased in delivered]
    transaction.executemany("UPDATE message SET attempts = ? WHERE service = ? AND key = ?", counted)
    transaction.execute("UPDATE message SET host = NULL WHERE host = ?", (host,))


def _claim(transaction: Transaction, host: str | None, now: int) -> list[LeasedMessage]:
    rows = transaction.execute(_CLAIM, (host, _MOST)).fetchall()
    return [
        LeasedMessage(
            id=message_id(service, key),
            queue=queue,
            body=body,
            # The delay is never longer than was asked for, whatever the clocks say.
            delay=timedelta(microseconds=min(visible_at - now, delay)),
            attempts=attempts,
            service=str(service),
            key=key,
            group=addressee(body) if service == DOOR else "",
            reason=reason or "",
        )
        for service, key, queue, body, delay, visible_at, attempts, reason in sorted(
            rows, key=lambda row: (row[5], row[1])
        )
    ]
