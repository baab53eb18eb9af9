"""Takes the messages of a queue that has to be asked: a thread for each queue, which looks less often the longer in vain."""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from infra.local.host.host_json import QueueOptions
from infra.local.host.log import log_event
from infra.local.host.messages import Messages
from infra.local.host.workers import Workers
from shared.ports.queues import QueueReceiver, Received

_LEAST = 0.1  # seconds


class Pauses:
    """How long to rest between two looks into a queue, as Azure's host does: 0.1 s, doubled at each look in vain and varied by a fifth."""

    def __init__(self, most: timedelta, chance: Callable[[float, float], float] = random.uniform) -> None:
        self._most, self._chance = most.total_seconds(), chance
        self._in_vain = 0

    def next(self, *, found: bool) -> float:
        """Return the seconds until the next look, after one that found something unannounced or nothing."""
        if found:
            self._in_vain = 0
            return 0.0
        doubled = _LEAST * float(2 ** min(self._in_vain, 30))
        self._in_vain += 1
        return min(self._most, doubled * self._chance(0.8, 1.2))


class QueuePoller:
    """Brings the messages of one queue to its function.

    What is announced is fetched when it can be received, and says nothing about how often to look for the rest.
    """

    def __init__(self, messages: Messages, receiver: QueueReceiver, options: QueueOptions, workers: Workers) -> None:
        self._messages, self._receiver, self._options, self._workers = messages, receiver, options, workers
        self._pauses = Pauses(options.max_polling_interval)
        self._expected: list[float] = []
        self._next_look = 0.0
        self._thread = threading.Thread(target=self._receive, name=f"queue-{messages.queue}", daemon=True)

    def start(self) -> None:
        """See Dispatcher."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """See Dispatcher."""
        self._messages.ask_to_stop()

    def finish(self, deadline: float) -> None:
        """See Dispatcher."""
        self._thread.join(max(0.0, deadline - time.monotonic()))
        self._messages.finish(deadline)

    def expect(self, delay: timedelta) -> None:
        """Look when the delay is over; a message is there then."""
        with self._messages.changed:
            heapq.heappush(self._expected, time.monotonic() + delay.total_seconds())
            self._messages.changed.notify_all()

    def _receive(self) -> None:
        while (expected := self._wait()) is not None:
            found = self._look()
            for message in found:
                if self._messages.admit(message):
                    self._workers.submit(partial(self._messages.run, message))
            # A full batch is a reason to look for more at once, whoever sent it.
            surprised = len(found) > expected or len(found) == self._options.batch_size
            self._next_look = time.monotonic() + self._pauses.next(found=surprised)

    def _look(self) -> Sequence[Received]:
        try:
            return self._receiver.receive(
                self._messages.queue,
                most=self._options.batch_size,
                visibility=self._options.lease,
                wait=timedelta(0),
            )
        except Exception as error:
            log_event("queue.receive_failed", error=error, queue=self._messages.queue)
            return ()

    def _wait(self) -> int | None:
        """Wait for the time to look and for room; return how many messages are expected, None at a stop."""
        messages = self._messages
        with messages.changed:
            while not messages.stopping:
                now = time.monotonic()
                if messages.busy > self._options.new_batch_threshold:
                    messages.changed.wait()
                elif (left := min([self._next_look, *self._expected[:1]]) - now) > 0:
                    messages.changed.wait(left)
                else:
                    return self._take_expected(now)
        return None

    def _take_expected(self, now: float) -> int:
        taken = 0
        while self._expected and self._expected[0] <= now:
            heapq.heappop(self._expected)
            taken += 1
        return taken
