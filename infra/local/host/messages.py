"""Messages of one queue: what is under way, and what becomes of each, as Azure's host does it."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

from azure.functions.queue import QueueMessage

from infra.local.host.functions import Registered
from infra.local.host.host_json import QueueOptions
from infra.local.host.in_hand import InHand
from infra.local.host.log import log_event
from shared.domain.messages.queues import POISON
from shared.ports.queues import QueueReceiver, Received
from shared.ports.store import StoreRefused

_AGAIN = timedelta(seconds=1)
# Where a message kills whoever takes it from poison: the host lives in between, and somebody may mend it.
_LEFT_ALONE = timedelta(hours=1)


class Messages:
    """Runs a queue's function with messages and says what became of them.

    A function that raises is tried again after host.json's visibilityTimeout, and after maxDequeueCount failures the message goes to
    poison; a poison queue has none of its own, and there it comes again. An exception with a timedelta in `retry_after` means "look
    again then": it is no failure and never leads to poison, unless the store refused the thing itself. Failures are counted by hosts, not by deliveries, so that no look
    again uses up a message's tries; nor does a host's death, unless it is sure that the message brought it about (see InHand).
    """

    def __init__(self, function: Registered, receiver: QueueReceiver, options: QueueOptions, in_hand: InHand) -> None:
        self._function, self._receiver, self._options = function, receiver, options
        self._in_hand = in_hand
        self.queue = str(function.trigger["queueName"])
        # By id and receipt: a service may give one receipt to all that it hands out together.
        self._running: dict[tuple[str, str], Received] = {}
        self._settling = 0
        self.stopping = False
        self._lock = threading.Lock()
        self.changed = threading.Condition(self._lock)

    @property
    def busy(self) -> int:
        """How many messages are worked on."""
        return len(self._running) + self._settling

    def ask_to_stop(self) -> None:
        """Take no more; what is received anyhow goes back at once."""
        with self.changed:
            self.stopping = True
            self.changed.notify_all()

    def finish(self, deadline: float) -> None:
        """Let the running functions end until the deadline (time.monotonic), then give back the leases of the rest."""
        with self.changed:
            self.changed.wait_for(lambda: not self.busy, max(0.0, deadline - time.monotonic()))
            left = list(self._running.values())
            self._running.clear()
        for message in left:
            self._in_hand.give_back(message)
            self._release(message, timedelta(0))

    def admit(self, message: Received) -> bool:
        """Take a message on, or give it back: at a stop, or where it has to wait for another one."""
        with self._lock:
            wanted = not self.stopping
            begun = wanted and self._in_hand.begin(message)
            if begun:
                self._running[message.id, message.receipt] = message
        if not wanted:
            self._release(message, timedelta(0))
        elif not begun:
            self._release(message, _AGAIN)
            self._in_hand.wait()
        return begun

    def run(self, message: Received) -> None:
        """Call the function with a message that was taken on, and settle it."""
        if (message.id, message.receipt) not in self._running:
            return  # given back before a thread was free
        deaths = self._in_hand.deaths(message)
        failure: BaseException | None = None
        try:
            if not deaths:
                self._function.run(_as_argument(message))
        except BaseException as error:  # SystemExit of a library must not lose the message either
            failure = error
        with self._lock:
            if self._running.pop((message.id, message.receipt), None) is None:
                return  # given back at a stop; whoever receives it next decides
            self._settling += 1
        try:
            if deaths:
                self._give_up(message, deaths)
            else:
                self._settle(message, failure)
        except Exception as error:
            # The lease runs out and the message comes again: at least once is the promise.
            log_event("queue.settle_failed", error=error, queue=self.queue, message=message.id)
            self._in_hand.give_back(message)
        finally:
            with self._lock:
                self._settling -= 1
                self.changed.notify_all()

    def _settle(self, message: Received, failure: BaseException | None) -> None:
        if failure is None:
            self._receiver.delete(message)
            self._in_hand.end(message)
            return
        again = getattr(failure, "retry_after", None)
        if isinstance(again, timedelta) and not isinstance(failure, StoreRefused):
            log_event("function.looks_again", function=self._function.name, message=message.id, after=again)
            self._in_hand.look_again(message)
            self._receiver.release(message, delay=again)
            return
        failures = self._in_hand.fail(message)
        log_event(
            "function.failed", error=failure, function=self._function.name, trigger="queueTrigger",
            message=message.id, failures=failures,
        )  # fmt: skip
        if failures >= self._options.max_dequeue_count and not self.queue.endswith(POISON):
            self._receiver.poison(
                message, reason=f"{self._function.name} failed {failures} times: {type(failure).__name__}"
            )
            self._in_hand.end(message)
        else:
            self._receiver.release(message, delay=self._options.visibility_timeout)

    def _give_up(self, message: Received, deaths: int) -> None:
        reason = f"the host died {deaths} times while {self._function.name} worked on it, the last time on nothing else"
        log_event("message.killed_hosts", queue=self.queue, message=message.id, reason=reason)
        if self.queue.endswith(POISON):
            self._receiver.release(message, delay=_LEFT_ALONE)
            self._in_hand.give_back(message)
        else:
            self._receiver.poison(message, reason=reason)
            self._in_hand.end(message)

    def _release(self, message: Received, delay: timedelta) -> None:
        try:
            self._receiver.release(message, delay=delay)
        except Exception as error:
            log_event("queue.settle_failed", error=error, queue=self.queue, message=message.id)


def _as_argument(message: Received) -> QueueMessage:
    """What a function is given."""
    return QueueMessage(id=message.id, body=message.body, dequeue_count=message.attempts, pop_receipt=message.receipt)
