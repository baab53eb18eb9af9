"""Queue functions on queues that have to be asked, Azurite's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import azure.functions as func
import pytest

from infra.local.host import LocalHost, LocalPeople
from infra.local.host.remote import RemoteQueues
from shared.adapters.azure_storage import AzureStorage
from shared.adapters.azure_storage.queues import AzureQueues
from shared.ports.queues import Received
from tests.support import azurite
from tests.support.host import KEY, Clock, wait_until, write_host_json

pytestmark = [pytest.mark.real("azurite"), pytest.mark.slow]

QUEUE, OTHER = "slipway-events", "slipway-build"
NEVER = "01:00:00"  # longer than a test waits


class Work:
    """A function app with one queue function, which does what the test says and remembers what it got."""

    def __init__(self) -> None:
        self.got: list[func.QueueMessage] = []
        self.failures: list[Exception] = []
        self.always: Exception | None = None
        self.go = threading.Event()
        self.go.set()
        self.app = func.FunctionApp()

        @self.app.queue_trigger(arg_name="msg", queue_name=QUEUE, connection="Storage")
        def work(msg: func.QueueMessage) -> None:
            self.got.append(msg)
            self.go.wait(60)
            if self.failures:
                raise self.failures.pop(0)
            if self.always is not None:
                raise self.always


class LookAgain(Exception):
    """What a function raises to be called again later."""

    retry_after = timedelta(seconds=1)


class Dead:
    """Queues as a process has them that is killed as soon as it has received something."""

    def __init__(self, queues: AzureQueues) -> None:
        self.receive = queues.receive

    def renew(self, message: Received, *, visibility: timedelta) -> Received | None:
        """Not any more."""
        return None


@pytest.fixture
def elsewhere() -> Iterator[AzureQueues]:
    """The queues as another process has them."""
    azurite.empty_queues()
    storage = AzureStorage.of_connection(azurite.connection(), Clock())
    yield storage.queues
    storage.close()


@contextmanager
def running(
    work: Work, folder: Path, *, lease: timedelta = timedelta(seconds=10), **options: Any
) -> Iterator[RemoteQueues]:
    """Run a host with the function, and return the queues as its own process has them."""
    storage = AzureStorage.of_connection(azurite.connection(), Clock())
    queues = RemoteQueues(storage.queues, lease=lease)
    host = LocalHost(
        work.app,
        receiver=queues,
        people=LocalPeople(),
        host_json=write_host_json(folder, **{"maxPollingInterval": NEVER, **options}),
        clock=Clock(),
        settings={},
        key=KEY,
        grace=timedelta(seconds=0.2),
    )
    with host:
        yield queues
    storage.close()


def idle(queues: RemoteQueues) -> None:
    """Wait until the host has found the queue empty: whatever it does from now on, it was told to."""
    wait_until(lambda: queues.count(QUEUE) == 0)


def test_what_this_process_sends_is_received_without_being_looked_for(elsewhere: AzureQueues, tmp_path: Path) -> None:
    """However seldom host.json says to look; and it is deleted."""
    work = Work()

    with running(work, tmp_path) as queues:
        for number in range(3):
            queues.send(QUEUE, str(number))
            wait_until(lambda: len(work.got) == number + 1)  # noqa: B023 - waited for here
            wait_until(lambda: queues.count(QUEUE) == 0)

    assert [(one.get_body(), one.dequeue_count) for one in work.got] == [(b"0", 1), (b"1", 1), (b"2", 1)]


def test_a_delayed_message_is_received_when_its_delay_is_over(elsewhere: AzureQueues, tmp_path: Path) -> None:
    """It was announced together with its delay."""
    work = Work()

    with running(work, tmp_path) as queues:
        queues.send(QUEUE, "later", delay=timedelta(seconds=1))
        wait_until(lambda: work.got)


def test_what_another_process_sends_is_found_by_looking(elsewhere: AzureQueues, tmp_path: Path) -> None:
    """At most maxPollingInterval later."""
    work = Work()

    with running(work, tmp_path, maxPollingInterval="00:00:01") as queues:
        idle(queues)
        elsewhere.send(QUEUE, "x")
        wait_until(lambda: work.got)


def test_more_than_a_batch_that_lies_there_at_the_start_is_all_taken(elsewhere: AzureQueues, tmp_path: Path) -> None:
    """A full batch is followed by the next, announced or not."""
    work = Work()
    for number in range(9):
        elsewhere.send(QUEUE, str(number))

    with running(work, tmp_path, batchSize=2, newBatchThreshold=1) as queues:
        wait_until(lambda: len(work.got) == 9)
        wait_until(lambda: queues.count(QUEUE) == 0)


def test_no_more_run_at_once_than_host_json_says(elsewhere: AzureQueues, tmp_path: Path) -> None:
    """The rest stays where others can take it."""
    work = Work()
    work.go.clear()
    for number in range(9):
        elsewhere.send(QUEUE, str(number))

    with running(work, tmp_path, batchSize=2, newBatchThreshold=0) as queues:
        wait_until(lambda: len(work.got) == 2)
        taken = [*elsewhere.receive(QUEUE, most=9, visibility=timedelta(minutes=1), wait=timedelta(0))]
        work.go.set()
        wait_until(lambda: queues.count(QUEUE) == len(taken))

    assert len(taken) == 7


def test_a_message_that_fails_comes_again_and_goes_to_poison_at_last(elsewhere: AzureQueues, tmp_path: Path) -> None:
    """After visibilityTimeout each time, and as often as maxDequeueCount says."""
    work = Work()
    work.always = RuntimeError("always")

    with running(work, tmp_path, visibilityTimeout="00:00:01", maxDequeueCount=2) as queues:
        queues.send(QUEUE, "x")
        wait_until(lambda: queues.count(f"{QUEUE}-poison") == 1)
        wait_until(lambda: queues.count(QUEUE) == 0)

    assert [one.dequeue_count for one in work.got] == [1, 2]


def test_to_look_again_is_no_failure(elsewhere: AzureQueues, tmp_path: Path) -> None:
    """It comes again when it was asked for, where one failure would be too many."""
    work = Work()
    work.failures = [LookAgain(), LookAgain()]

    with running(work, tmp_path, maxDequeueCount=1) as queues:
        queues.send(QUEUE, "x")
        wait_until(lambda: len(work.got) == 3)
        wait_until(lambda: queues.count(QUEUE) == 0)

    assert elsewhere.count(f"{QUEUE}-poison") == 0


def test_a_message_is_nobody_elses_while_it_is_worked_on(elsewhere: AzureQueues, tmp_path: Path) -> None:
    """However much longer that takes than its lease."""
    work = Work()
    work.go.clear()
    looks: list[int] = []

    def look() -> bool:
        looks.append(len(elsewhere.receive(QUEUE, most=9, visibility=timedelta(minutes=1), wait=timedelta(seconds=1))))
        return len(looks) == 4

    with running(work, tmp_path, lease=timedelta(seconds=2)) as queues:
        queues.send(QUEUE, "x")
        wait_until(lambda: work.got)
        wait_until(look)
        work.go.set()
        wait_until(lambda: queues.count(QUEUE) == 0)

    assert looks == [0, 0, 0, 0]
    assert len(work.got) == 1


def test_after_a_kill_a_message_is_free_when_its_short_lease_is_over(elsewhere: AzureQueues, tmp_path: Path) -> None:
    """Whatever functionTimeout is: nobody is left to keep it up."""
    elsewhere.send(QUEUE, "x")
    dead = RemoteQueues(cast(Any, Dead(elsewhere)), lease=timedelta(seconds=1))
    assert dead.receive(QUEUE, most=1, visibility=timedelta(minutes=30), wait=timedelta(0))
    work = Work()

    with running(work, tmp_path, maxPollingInterval="00:00:01"):
        wait_until(lambda: work.got)

    assert [one.dequeue_count for one in work.got] == [2]


def test_a_stop_gives_back_what_still_runs(elsewhere: AzureQueues, tmp_path: Path) -> None:
    """Another host can have it at once."""
    work = Work()
    work.go.clear()

    with running(work, tmp_path) as queues:
        queues.send(QUEUE, "x")
        wait_until(lambda: work.got)
    found = elsewhere.receive(QUEUE, most=1, visibility=timedelta(minutes=1), wait=timedelta(0))
    work.go.set()

    assert [one.body for one in found] == ["x"]
