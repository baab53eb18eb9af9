"""Leased messages in the memory of their host: which one may be seen when, whose turn it is, and which threads wait.

The host hands each message to one receiver at a time. A receiver's lease ends at a time; a message that is still there
then is visible again. Times are those of the running process and not of the clock on the wall: a clock that is set back
hides no message, and one that is set forward ends no lease.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from shared.adapters.storage.fair_order import FairOrder
from shared.adapters.storage.leased_message import LeasedMessage
from shared.adapters.storage.worker_pool import HeldBackWork, WorkerPool
from shared.ports.queues import Received

_LONGEST_WAIT = 1.0  # seconds; then a waiting receiver looks again
_SLACK = 64
_ALREADY = timedelta(0)


def running_time() -> timedelta:
    """How long the machine has run; nobody can set it."""
    return timedelta(microseconds=time.monotonic_ns() // 1000)


@dataclass(slots=True)
class _Line:
    """One queue: messages by the time they become visible, visible ones by turn. Old tokens are skipped, later swept."""

    ready: threading.Condition
    heap: list[tuple[timedelta, int, LeasedMessage]] = field(default_factory=list)
    turns: list[tuple[int, int, LeasedMessage]] = field(default_factory=list)
    size: int = 0
    waiting: int = 0


class MessageLeases:
    """Hands out messages, each to one receiver at a time."""

    def __init__(self, elapsed: Callable[[], timedelta] = running_time, *, work: HeldBackWork | None = None) -> None:
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._lines: dict[str, _Line] = defaultdict(lambda: _Line(threading.Condition(self._lock)))
        self._known: dict[str, LeasedMessage] = {}
        self._tokens = itertools.count(1)
        self._closed = False
        self._served: Mapping[str, int] = {}
        self._pool = WorkerPool(self._lock, self._next_seen, work)
        self._fair_order = FairOrder()

    def offer(self, messages: Iterable[LeasedMessage]) -> None:
        """Take messages over. One that is known already stays as it is."""
        with self._lock:
            now = self._elapsed()
            for leased in messages:
                if leased.id not in self._known:
                    self._add(leased, now)
            self._pool.offered()

    def take(self, queue: str, *, most: int, visibility: timedelta, wait: timedelta) -> Sequence[Received]:
        """Lease visible messages of a queue by turn, a group's oldest first; wait for one, a second at most."""
        end = time.monotonic() + min(wait.total_seconds(), _LONGEST_WAIT)
        with self._lock:
            line = self._lines[queue]
            while not self._closed:
                now = self._elapsed()
                if found := self._pop(line, now, most):
                    return [self._lease(leased, now + visibility) for leased in found]
                left = end - time.monotonic()
                if left <= 0:
                    break
                if line.heap:
                    left = min(left, (line.heap[0][0] - now).total_seconds())
                line.waiting += 1
                line.ready.wait(left)
                line.waiting -= 1
        return []

    def take_any(self, queues: Mapping[str, int], *, visibility: timedelta) -> Received | None:
        """Lease the message of these queues whose turn it is; wait for one, a second at most.

        `queues` says how many messages of each may be worked on at once. It is for the threads of the pool (see WorkerPool), which
        call it again once they are done. Before a thread waits it finishes held-back work, which may lead to more messages.
        """
        end = time.monotonic() + _LONGEST_WAIT
        with self._lock:
            self._pool.came_back()
            self._served = queues
            while not self._closed:
                now = self._elapsed()
                spare = self._pool.spare
                line = None if spare else self._next(queues, now)
                if line is not None and (found := self._pop(line, now, 1)):
                    self._pool.goes_out(found[0].queue)
                    return self._lease(found[0], now + visibility)
                if not spare and self._pool.finishes():
                    continue
                left = end - time.monotonic()
                if left <= 0:
                    break
                self._pool.wait(left)
        return None

    def leased(self, message: Received) -> LeasedMessage | None:
        """Return a message if the receipt still holds its lease."""
        with self._lock:
            return self._leased(message)

    def settle(self, message: Received) -> LeasedMessage | None:
        """Drop a message if the receipt still holds its lease. Return it; None if not."""
        with self._lock:
            return self._drop(message.id) if self._leased(message) else None

    def put_back(self, message: Received, delay: timedelta) -> LeasedMessage | None:
        """Make a message visible after the delay if the receipt still holds its lease. Return it; None if not."""
        with self._lock:
            leased = self._leased(message)
            if leased is not None:
                self._schedule(leased, self._elapsed() + delay)
                self._pool.offered()
            return leased

    def forget(self, ids: Iterable[str]) -> list[LeasedMessage]:
        """Drop messages whose work is done, delivered or not; return those that were held."""
        with self._lock:
            return [leased for id_ in ids if (leased := self._drop(id_)) is not None]

    def holds(self, ids: Iterable[str]) -> bool:
        """Whether all of these are held."""
        with self._lock:
            return all(id_ in self._known for id_ in ids)

    def delivered(self) -> list[LeasedMessage]:
        """Return the messages that were delivered before and are still held."""
        with self._lock:
            return [leased for leased in self._known.values() if leased.attempts]

    def on_need(self, more_hands: Callable[[], None]) -> None:
        """Set what is called where messages lie and no thread comes back to take them."""
        self._pool.more_hands = more_hands

    @property
    def closed(self) -> bool:
        """Whether nothing is handed out any more."""
        return self._closed

    def close(self) -> None:
        """Hand nothing out any more, and wake all who wait."""
        with self._lock:
            self._closed = True
            for line in self._lines.values():
                line.ready.notify_all()
            self._pool.close()

    def sizes(self) -> Mapping[str, int]:
        """Return the number of messages of each queue that has any, leased and delayed ones included."""
        with self._lock:
            return {queue: line.size for queue, line in self._lines.items() if line.size}

    def _add(self, leased: LeasedMessage, now: timedelta) -> None:
        self._known[leased.id] = leased
        self._lines[leased.queue].size += 1
        self._schedule(leased, now + leased.delay)

    def _schedule(self, leased: LeasedMessage, at: timedelta) -> None:
        leased.token = next(self._tokens)
        line = self._lines[leased.queue]
        heapq.heappush(line.heap, (at, leased.token, leased))
        if line.waiting:
            line.ready.notify()
        if len(line.heap) + len(line.turns) > 2 * line.size + _SLACK:
            line.heap = [entry for entry in line.heap if self._current(entry)]
            line.turns = [entry for entry in line.turns if self._current(entry)]
            heapq.heapify(line.heap)
            heapq.heapify(line.turns)

    def _first(self, line: _Line) -> timedelta | None:
        """Return when the first message of a queue becomes visible; the beginning of time if one is visible already."""
        while line.turns and not self._current(line.turns[0]):
            heapq.heappop(line.turns)
        while line.heap and not self._current(line.heap[0]):
            heapq.heappop(line.heap)
        return _ALREADY if line.turns else line.heap[0][0] if line.heap else None

    def _turn(self, line: _Line, now: timedelta) -> tuple[int, int] | None:
        """Give each message that is visible by now its turn; return the queue's first turn, with its token."""
        heap, turns = line.heap, line.turns
        while heap and heap[0][0] <= now:
            entry = heapq.heappop(heap)
            if self._current(entry):
                _, token, leased = entry
                heapq.heappush(turns, (self._fair_order.give(leased.group or leased.service), token, leased))
        while turns:
            if self._current(turns[0]):
                return turns[0][:2]
            heapq.heappop(turns)
        return None

    def _next(self, queues: Mapping[str, int], now: timedelta) -> _Line | None:
        first, found = None, None
        for queue, most in queues.items():
            line = self._lines[queue]
            turn = self._turn(line, now) if line.size and self._pool.has_room(queue, most) else None
            if turn is not None and (first is None or turn < first):
                first, found = turn, line
        return found

    def _next_seen(self) -> float | None:
        """Return the seconds until the pool can take a message, zero or less if it can now; None without messages."""
        lines = [self._lines[queue] for queue, most in self._served.items() if self._pool.has_room(queue, most)]
        firsts = [first for line in lines if (first := self._first(line)) is not None]
        return (min(firsts) - self._elapsed()).total_seconds() if firsts else None

    def _pop(self, line: _Line, now: timedelta, most: int) -> list[LeasedMessage]:
        found: list[LeasedMessage] = []
        while len(found) < most and self._turn(line, now) is not None:
            turn, _, leased = heapq.heappop(line.turns)
            self._fair_order.reached(turn, leased.group or leased.service)
            found.append(leased)
        return found

    def _lease(self, leased: LeasedMessage, until: timedelta) -> Received:
        leased.attempts += 1
        self._schedule(leased, until)
        receipt = str(leased.token)
        queue, attempts, reason = leased.queue, leased.attempts, leased.reason
        return Received(queue=queue, id=leased.id, body=leased.body, attempts=attempts, receipt=receipt, reason=reason)

    def _current(self, entry: tuple[object, int, LeasedMessage]) -> bool:
        return self._known.get(entry[2].id) is entry[2] and entry[2].token == entry[1]

    def _leased(self, message: Received) -> LeasedMessage | None:
        leased = self._known.get(message.id)
        return leased if leased is not None and str(leased.token) == message.receipt else None

    def _drop(self, id_: str) -> LeasedMessage | None:
        leased = self._known.pop(id_, None)
        if leased is not None:
            self._lines[leased.queue].size -= 1
        return leased
