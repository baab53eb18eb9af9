"""Messages held in memory by the host that has their lease: who may see which when, and who waits for them."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.ports.queues import Received

_LONGEST_WAIT = 1.0  # seconds; then a waiting receiver looks again, also because `now` may have jumped
_SLACK = 64


@dataclass(slots=True, kw_only=True)
class Parcel:
    """A message as the host holds it. `attempts` counts deliveries so far; `token` changes whenever its time does."""

    id: str
    queue: str
    body: str
    visible_at: datetime
    attempts: int = 0
    service: str = ""
    key: str = ""
    token: int = 0


@dataclass(slots=True)
class _Line:
    """One queue: parcels by the time they may be seen. Entries whose token is old are skipped and swept now and then."""

    ready: threading.Condition
    heap: list[tuple[datetime, int, Parcel]] = field(default_factory=list)
    size: int = 0


class Delivery:
    """Hands out messages, each to one receiver at a time; a lease that runs out makes a message visible again."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._lines: dict[str, _Line] = defaultdict(lambda: _Line(threading.Condition(self._lock)))
        self._known: dict[str, Parcel] = {}
        self._tokens = itertools.count(1)
        self._closed = False

    def offer(self, parcels: Iterable[Parcel]) -> None:
        """Take messages over; one that is already known stays as it is."""
        with self._lock:
            for parcel in parcels:
                if parcel.id not in self._known:
                    self._known[parcel.id] = parcel
                    self._lines[parcel.queue].size += 1
                    self._schedule(parcel, parcel.visible_at)

    def take(self, queue: str, *, most: int, visibility: timedelta, wait: timedelta) -> Sequence[Received]:
        """Lease visible messages, oldest first; wait up to `wait`, but a second at most, for the first."""
        end = time.monotonic() + min(wait.total_seconds(), _LONGEST_WAIT)
        with self._lock:
            line = self._lines[queue]
            while not self._closed:
                now = self._now()
                if found := self._pop(line, now, most):
                    return [self._lease(parcel, now + visibility) for parcel in found]
                left = end - time.monotonic()
                if left <= 0:
                    break
                if line.heap:
                    left = min(left, (line.heap[0][0] - now).total_seconds())
                line.ready.wait(left)
        return []

    def settle(self, message: Received) -> Parcel | None:
        """Let go of a message, if the receipt still holds its lease; None if not."""
        with self._lock:
            return self._drop(message.id) if self._holds(message) else None

    def put_back(self, message: Received, delay: timedelta) -> Parcel | None:
        """Make a message visible after the delay, if the receipt still holds its lease; None if not."""
        with self._lock:
            if not self._holds(message):
                return None
            parcel = self._known[message.id]
            self._schedule(parcel, self._now() + delay)
            return parcel

    def forget(self, ids: Iterable[str]) -> None:
        """Let go of messages that are done with, delivered or not."""
        with self._lock:
            for id_ in ids:
                self._drop(id_)

    @property
    def closed(self) -> bool:
        """Whether nothing is handed out any more."""
        return self._closed

    def close(self) -> None:
        """Hand nothing out any more and wake those who wait."""
        with self._lock:
            self._closed = True
            for line in self._lines.values():
                line.ready.notify_all()

    def count(self, queue: str) -> int:
        """How many messages of a queue are held, leased and delayed ones included."""
        with self._lock:
            return self._lines[queue].size

    def _schedule(self, parcel: Parcel, at: datetime) -> None:
        parcel.visible_at, parcel.token = at, next(self._tokens)
        line = self._lines[parcel.queue]
        heapq.heappush(line.heap, (at, parcel.token, parcel))
        line.ready.notify()
        if len(line.heap) > 2 * line.size + _SLACK:
            line.heap = [entry for entry in line.heap if self._current(entry)]
            heapq.heapify(line.heap)

    def _pop(self, line: _Line, now: datetime, most: int) -> list[Parcel]:
        found: list[Parcel] = []
        while line.heap and len(found) < most:
            entry = line.heap[0]
            if self._current(entry):
                if entry[0] > now:
                    break
                found.append(entry[2])
            heapq.heappop(line.heap)
        return found

    def _lease(self, parcel: Parcel, until: datetime) -> Received:
        parcel.attempts += 1
        self._schedule(parcel, until)
        receipt = str(parcel.token)
        return Received(queue=parcel.queue, id=parcel.id, body=parcel.body, attempts=parcel.attempts, receipt=receipt)

    def _current(self, entry: tuple[datetime, int, Parcel]) -> bool:
        return self._known.get(entry[2].id) is entry[2] and entry[2].token == entry[1]

    def _holds(self, message: Received) -> bool:
        parcel = self._known.get(message.id)
        return parcel is not None and str(parcel.token) == message.receipt

    def _drop(self, id_: str) -> Parcel | None:
        parcel = self._known.pop(id_, None)
        if parcel is not None:
            self._lines[parcel.queue].size -= 1
        return parcel
