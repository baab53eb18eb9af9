"""Queue triggers: takes messages as Azure's host does and says what became of them."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from functools import partial

from azure.functions.queue import QueueMessage

from infra.local.host.functions import Registered
from infra.local.host.host_json import QueueOptions
from infra.local.host.log import log_event
from infra.local.host.workers import Workers
from shared.ports.queues import QueueReceiver, Received


class QueueDispatcher:
    """Brings the messages of one queue to its function.

    A function that raises is tried again after host.json's visibilityTimeout, and after maxDequeueCount failures the message goes to
    poison. An exception with a timedelta in `retry_after` means "look again then": it is no failure and never leads to poison. Failures
    are counted by this host, not by deliveries, so that neither a crash of the host nor a look again uses up a message's tries.
    """

    def __init__(
        self,
        function: Registered,
        receiver: QueueReceiver,
        options: QueueOptions,
        workers: Workers,
        wait: timedelta,
    ) -> None:
        self._function, self._receiver, self._options, self._workers = function, receiver, options, workers
        self._wait = wait
        self._queue = str(function.trigger["queueName"])
        self._running: dict[str, Received] = {}
        self._settling = 0
        self._failures: dict[str, int] = {}
        self._stopping = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._receive, name=f"queue-{self._queue}", daemon=True)

    def start(self) -> None:
        """Begin to receive."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Receive no more; what is received anyhow goes back at once."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def finish(self, deadline: float) -> None:
        """Let the running functions end until the deadline (time.monotonic), then give back the leases of the rest."""
        self._thread.join()
        with self._changed:
            self._changed.wait_for(lambda: not self._busy, max(0.0, deadline - time.monotonic()))
            left = list(self._running.values())
            self._running.clear()
        for message in left:
            self._give_back(message)

    @property
    def _busy(self) -> int:
        return len(self._running) + self._settling

    def _receive(self) -> None:
        while self._wait_for_room():
            try:
                found = self._receiver.receive(
                    self._queue,
                    most=self._options.batch_size,
                    visibility=self._options.lease,
                    wait=self._wait,
                )
            except Exception as error:
                log_event("queue.receive_failed", error=error, queue=self._queue)
                with self._changed:
                    self._changed.wait_for(lambda: self._stopping, self._wait.total_seconds())
                continue
            for message in found:
                self._take(message)

    def _wait_for_room(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._busy <= self._options.new_batch_threshold)
            return not self._stopping

    def _take(self, message: Received) -> None:
        with self._changed:
            wanted = not self._stopping
            if wanted:
                self._running[message.receipt] = message
        if wanted:
            self._workers.submit(partial(self._run, message))
        else:
            self._give_back(message)

    def _run(self, message: Received) -> None:
        if message.receipt not in self._running:
            return  # given back before a thread was free
        argument = QueueMessage(
            id=message.id, body=message.body, dequeue_count=message.attempts, pop_receipt=message.receipt
        )
        failure: BaseException | None = None
        try:
            self._function.run(argument)
        except BaseException as error:  # SystemExit of a library must not lose the message either
            failure = error
        with self._changed:
            if self._running.pop(message.receipt, None) is None:
                return  # given back at a stop; whoever receives it next decides
            self._settling += 1
        try:
            self._settle(message, failure)
        except Exception as error:
            # The lease runs out and the message comes again: at least once is the promise.
            log_event("queue.settle_failed", error=error, queue=self._queue, message=message.id)
        finally:
            with self._changed:
                self._settling -= 1
                self._changed.notify_all()

    def _settle(self, message: Received, failure: BaseException | None) -> None:
        if failure is None:
            self._receiver.delete(message)
            self._failures.pop(message.id, None)
            return
        again = getattr(failure, "retry_after", None)
        if isinstance(again, timedelta):
            log_event("function.looks_again", function=self._function.name, message=message.id, after=again)
            self._receiver.release(message, delay=again)
            return
        failures = self._failures.get(message.id, 0) + 1
        log_event(
            "function.failed", error=failure, function=self._function.name, trigger="queueTrigger",
            message=message.id, failures=failures,
        )  # fmt: skip
        if failures >= self._options.max_dequeue_count:
            self._receiver.poison(
                message, reason=f"{self._function.name} failed {failures} times: {type(failure).__name__}"
            )
            self._failures.pop(message.id, None)
        else:
            self._failures[message.id] = failures
            self._receiver.release(message, delay=self._options.visibility_timeout)

    def _give_back(self, message: Received) -> None:
        try:
            self._receiver.release(message, delay=timedelta(0))
        except Exception as error:
            log_event("queue.settle_failed", error=error, queue=self._queue, message=message.id)
