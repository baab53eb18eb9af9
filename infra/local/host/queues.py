"""Queue triggers: takes messages as Azure's host does, by one crew of threads or by a thread for each queue."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Protocol

from infra.local.host.functions import Registered
from infra.local.host.host_json import QueueOptions
from infra.local.host.log import log_event
from infra.local.host.messages import Messages
from infra.local.host.workers import Workers
from shared.ports.queues import CrewReceiver, QueueReceiver

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
    functions: Sequence[Registered], receiver: QueueReceiver, options: QueueOptions, workers: Workers, wait: timedelta
) -> list[Dispatcher]:
    """Make what the receiver is best served by."""
    queues = [Messages(one, receiver, options) for one in functions]
    if queues and isinstance(receiver, CrewReceiver):
        return [QueueCrew(queues, receiver, options)]
    return [QueueDispatcher(one, receiver, options, workers, wait) for one in queues]


class QueueCrew:
    """A few threads for all queues. Where all are kept busy by what takes long, more join, as many as host.json allows."""

    def __init__(self, queues: Sequence[Messages], receiver: CrewReceiver, options: QueueOptions) -> None:
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


class QueueDispatcher:
    """Brings the messages of one queue to its function, from a receiver that has to be asked for each."""

    def __init__(
        self,
        messages: Messages,
        receiver: QueueReceiver,
        options: QueueOptions,
        workers: Workers,
        wait: timedelta,
    ) -> None:
        self._messages, self._receiver, self._options, self._workers = messages, receiver, options, workers
        self._wait = wait
        self._thread = threading.Thread(target=self._receive, name=f"queue-{messages.queue}", daemon=True)

    def start(self) -> None:
        """See Dispatcher."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """See Dispatcher."""
        self._messages.ask_to_stop()

    def finish(self, deadline: float) -> None:
        """See Dispatcher."""
        self._thread.join()
        self._messages.finish(deadline)

    def _receive(self) -> None:
        messages = self._messages
        while self._wait_for_room():
            try:
                found = self._receiver.receive(
                    messages.queue,
                    most=self._options.batch_size,
                    visibility=self._options.lease,
                    wait=self._wait,
                )
            except Exception as error:
                log_event("queue.receive_failed", error=error, queue=messages.queue)
                with messages.changed:
                    messages.changed.wait_for(lambda: messages.stopping, self._wait.total_seconds())
                continue
            for message in found:
                if messages.admit(message):
                    self._workers.submit(partial(messages.run, message))

    def _wait_for_room(self) -> bool:
        messages = self._messages
        with messages.changed:
            messages.changed.wait_for(lambda: messages.stopping or messages.busy <= self._options.new_batch_threshold)
            return not messages.stopping
