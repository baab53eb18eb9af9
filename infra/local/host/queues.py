"""Queue triggers: takes messages as Azure's host does, by one pool of threads or by a thread that polls for each queue."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol

from infra.local.host.functions import Registered
from infra.local.host.host_json import QueueOptions
from infra.local.host.in_hand import InHand
from infra.local.host.log import log_event
from infra.local.host.messages import Messages
from infra.local.host.polling import QueuePoller
from infra.local.host.remote import AnnouncingReceiver
from infra.local.host.workers import Workers
from shared.ports.queues import PoolReceiver, QueueReceiver

_ALWAYS = 20  # threads; a flush of the disk costs as much as a decision, and who waits for it shares it


class Dispatcher(Protocol):
    """Brings messages to functions."""

    def start(self) -> None:
        """Begin to receive."""
        ...

    def ask_to_stop(self) -> None:
        """Receive no more."""
        ...

    def finish(self, deadline: float) -> None:
        """Let the running functions end until the deadline (time.monotonic), then give back the leases of the rest."""
        ...


def dispatchers(
    functions: Sequence[Registered],
    receiver: QueueReceiver,
    options: QueueOptions,
    workers: Workers,
    in_hand: InHand,
) -> Sequence[Dispatcher]:
    """Make what the receiver is best served by."""
    queues = [Messages(one, receiver, options, in_hand) for one in functions]
    if not queues:
        return []
    if isinstance(receiver, PoolReceiver):
        return [QueueCrew(queues, receiver, options)]
    if not isinstance(receiver, AnnouncingReceiver):
        raise TypeError(f"{type(receiver).__name__} serves no worker pool and tells of nothing that is sent")
    pollers = {one.queue: QueuePoller(one, receiver, options, workers) for one in queues}
    receiver.on_sent(lambda queue, delay: pollers[queue].expect(delay) if queue in pollers else None)
    return list(pollers.values())


class QueueCrew:
    """A few threads for all queues. Where all are kept busy by what takes long, more join, as many as host.json allows."""

    def __init__(self, queues: Sequence[Messages], receiver: PoolReceiver, options: QueueOptions) -> None:
        self._queues = {one.queue: one for one in queues}
        self._receiver, self._options = receiver, options
        self._at_once = dict.fromkeys(self._queues, options.concurrency)
        self._threads: list[threading.Thread] = []
        self._most = len(queues) * options.concurrency
        self._stopping = False
        self._lock = threading.Lock()

    def start(self) -> None:
        """See Dispatcher."""
        self._receiver.on_need(self._join)
        for _ in range(min(_ALWAYS, self._most)):
            self._join()

    def ask_to_stop(self) -> None:
        """See Dispatcher."""
        self._stopping = True
        for one in self._queues.values():
            one.ask_to_stop()

    def finish(self, deadline: float) -> None:
        """See Dispatcher."""
        for one in self._queues.values():
            one.finish(deadline)

    def _join(self) -> None:
        with self._lock:
            if self._stopping or len(self._threads) >= self._most:
                return
            thread = threading.Thread(target=self._work, name=f"queues-{len(self._threads) + 1}", daemon=True)
            self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while not self._stopping:
            try:
                message = self._receiver.receive_any(self._at_once, visibility=self._options.lease)
            except Exception as error:
                log_event("queue.receive_failed", error=error, queue="all")
                threading.Event().wait(1)
                continue
            if message is None:
                continue
            queue = self._queues[message.queue]
            if queue.admit(message):
                queue.run(message)
