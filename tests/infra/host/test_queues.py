"""Queue functions on the local host."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import azure.functions as func
import pytest

from shared.ports.queues import Received
from shared.ports.store import StoreFull, StoreRefused
from tests.contracts.memory.queues import MemoryQueues
from tests.contracts.memory.table import Table
from tests.support.host import Clock, new_queues, running, wait_until

QUEUE = "slipway-events"


class Work:
    """A function app with one queue function, which does what the test says and remembers what it got."""

    def __init__(self) -> None:
        self.got: list[func.QueueMessage] = []
        self.times: list[datetime] = []
        self.clock: Clock | None = None
        self.failures: list[Exception] = []
        self.always: Exception | None = None
        self.app = func.FunctionApp()

        @self.app.queue_trigger(arg_name="msg", queue_name="slipway-%KIND%", connection="Storage")
        def work(msg: func.QueueMessage) -> None:
            if self.clock is not None:
                self.times.append(self.clock())
            self.got.append(msg)
            if self.failures:
                raise self.failures.pop(0)
            if self.always is not None:
                raise self.always


class LookAgain(Exception):
    """What a function raises to be called again later."""

    def __init__(self, after: timedelta) -> None:
        super().__init__()
        self.retry_after = after


def test_a_message_is_passed_once_and_deleted(tmp_path: Path) -> None:
    """The function sees body, id and how often it was delivered."""
    work = Work()

    with running(work.app, tmp_path, settings={"KIND": "events"}) as host:
        host.queues.send(QUEUE, '{"a": 1}')
        wait_until(lambda: host.queues.count(QUEUE) == 0)

    [message] = work.got
    assert (message.get_json(), message.dequeue_count) == ({"a": 1}, 1)
    assert message.id


def test_a_message_that_fails_comes_again_after_the_visibility_timeout(tmp_path: Path) -> None:
    """Not before: the function sees the second delivery at the earliest 30 s after the first."""
    work = Work()
    work.failures = [RuntimeError("once")]

    with running(work.app, tmp_path, settings={"KIND": "events"}, queues={"visibilityTimeout": "00:00:30"}) as host:
        work.clock = host.clock
        host.queues.send(QUEUE, "x")
        wait_until(lambda: len(work.got) == 2, clock=host.clock, step=0.2)
        wait_until(lambda: host.queues.count(QUEUE) == 0)

    assert work.times[1] - work.times[0] >= timedelta(seconds=30)
    assert [message.dequeue_count for message in work.got] == [1, 2]


@pytest.mark.parametrize("error", [RuntimeError("always"), StoreRefused("400 OutOfRangeInput")])
def test_a_message_that_always_fails_goes_to_poison(tmp_path: Path, error: Exception) -> None:
    """After maxDequeueCount deliveries, with the reason; what a store refuses for good among it."""
    work = Work()
    work.always = error

    with running(work.app, tmp_path, settings={"KIND": "events"}, queues={"maxDequeueCount": 3}) as host:
        host.queues.send(QUEUE, "x")
        wait_until(lambda: host.queues.count(f"{QUEUE}-poison") == 1)

    assert len(work.got) == 3
    assert host.queues.count(QUEUE) == 0
    assert list(host.queues.reasons.values()) == [f"work failed 3 times: {type(error).__name__}"]


def test_what_fails_in_a_poison_queue_comes_again_until_it_is_taken(tmp_path: Path) -> None:
    """As on Azure: it has no poison queue of its own, where nobody would look."""
    work = Work()
    work.failures = [RuntimeError("not yet") for _ in range(5)]

    with running(work.app, tmp_path, settings={"KIND": "events-poison"}, queues={"maxDequeueCount": 2}) as host:
        host.queues.send(f"{QUEUE}-poison", "x")
        wait_until(lambda: host.queues.count(f"{QUEUE}-poison") == 0, clock=host.clock, step=1)

    assert len(work.got) == 6
    assert host.queues.count(f"{QUEUE}-poison-poison") == 0


def test_to_look_again_is_no_failure(tmp_path: Path) -> None:
    """However often a function asks for later, the message never goes to poison."""
    work = Work()
    work.failures = [LookAgain(timedelta(0)) for _ in range(10)]

    with running(work.app, tmp_path, settings={"KIND": "events"}, queues={"maxDequeueCount": 1}) as host:
        host.queues.send(QUEUE, "x")
        wait_until(lambda: host.queues.count(QUEUE) == 0)

    assert len(work.got) == 11
    assert host.queues.count(f"{QUEUE}-poison") == 0


def test_a_store_that_can_keep_nothing_uses_up_no_try(tmp_path: Path) -> None:
    """However long a disk is full: the message is not at fault, and is dealt with when there is room."""
    work = Work()
    work.failures = [StoreFull("no room") for _ in range(10)]

    with running(work.app, tmp_path, settings={"KIND": "events"}, queues={"maxDequeueCount": 1}) as host:
        host.queues.send(QUEUE, "x")
        wait_until(lambda: host.queues.count(QUEUE) == 0, clock=host.clock, step=1)

    assert len(work.got) == 11
    assert host.queues.count(f"{QUEUE}-poison") == 0


def test_to_look_again_waits_as_long_as_asked(tmp_path: Path) -> None:
    """The delay is the exception's, not host.json's."""
    work = Work()
    work.failures = [LookAgain(timedelta(minutes=5))]

    with running(work.app, tmp_path, settings={"KIND": "events"}) as host:
        work.clock = host.clock
        host.queues.send(QUEUE, "x")
        wait_until(lambda: len(work.got) == 2, clock=host.clock, step=1)

    assert work.times[1] - work.times[0] >= timedelta(minutes=5)


def test_a_delivery_that_a_crash_ended_uses_up_no_try(tmp_path: Path) -> None:
    """A message that dead hosts received five times is still tried, and tried again, where two tries are allowed."""
    work = Work()
    work.failures = [RuntimeError("once")]
    messages = new_queues(Clock())
    messages.send(QUEUE, "x")
    for _ in range(5):
        [leased] = messages.receive(QUEUE, most=1, visibility=timedelta(minutes=1), wait=timedelta(0))
        messages.release(leased, delay=timedelta(0))

    with running(work.app, tmp_path, settings={"KIND": "events"}, queues={"maxDequeueCount": 2}, messages=messages):
        wait_until(lambda: messages.count(QUEUE) == 0)

    assert [message.dequeue_count for message in work.got] == [6, 7]
    assert messages.count(f"{QUEUE}-poison") == 0


def test_as_many_messages_run_at_once_as_host_json_says(tmp_path: Path) -> None:
    """Of one queue batchSize and newBatchThreshold together, as on Azure, and never more."""
    app = func.FunctionApp()
    go, lock = threading.Semaphore(0), threading.Lock()
    now, most = [0], [0]

    @app.queue_trigger(arg_name="msg", queue_name=QUEUE, connection="Storage")
    def work(msg: func.QueueMessage) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        go.acquire(timeout=60)
        with lock:
            now[0] -= 1

    messages = new_queues(Clock())
    for number in range(9):
        messages.send(QUEUE, str(number))

    with running(app, tmp_path, queues={"batchSize": 2, "newBatchThreshold": 1}, messages=messages):
        wait_until(lambda: now[0] == 3)
        go.release(9)
        wait_until(lambda: messages.count(QUEUE) == 0)

    assert most == [3]


def test_a_busy_queue_keeps_no_other_waiting(tmp_path: Path) -> None:
    """While one queue's functions all wait, another queue's messages are worked on."""
    app = func.FunctionApp()
    go, done = threading.Event(), threading.Event()

    @app.queue_trigger(arg_name="msg", queue_name="slipway-build", connection="Storage")
    def build(msg: func.QueueMessage) -> None:
        go.wait(60)

    @app.queue_trigger(arg_name="msg", queue_name=QUEUE, connection="Storage")
    def decide(msg: func.QueueMessage) -> None:
        done.set()

    with running(app, tmp_path) as host:
        for number in range(20):
            host.queues.send("slipway-build", str(number))
        host.queues.send(QUEUE, "x")

        assert done.wait(60)
        go.set()


class Failing(MemoryQueues):
    """Queues that cannot be reached at first."""

    failures = 2

    def receive(self, queue: str, *, most: int, visibility: timedelta, wait: timedelta) -> Sequence[Received]:
        """Fail, or receive."""
        if self.failures:
            self.failures -= 1
            raise OSError("disk")
        return super().receive(queue, most=most, visibility=visibility, wait=wait)


def test_a_receiver_that_fails_is_asked_again(tmp_path: Path) -> None:
    """A store that cannot be reached for a moment stops nothing for good."""
    work = Work()
    messages = Failing(Table())
    messages.send(QUEUE, "x")

    with running(work.app, tmp_path, settings={"KIND": "events"}, messages=messages):
        wait_until(lambda: messages.count(QUEUE) == 0)

    assert len(work.got) == 1
