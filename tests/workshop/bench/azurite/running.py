"""A story told on an account: by the use cases alone, and by the functions in the local host."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from azure.functions.queue import QueueMessage

from infra.local.host.functions import Registered
from infra.local.host.host_json import read_host_json
from infra.local.host.in_hand import InHand
from infra.local.host.queues import dispatchers
from infra.local.host.remote import RemoteQueues
from infra.local.host.workers import Workers
from shared.adapters.azure_storage import AzureStorage
from shared.app.inspect_push import inspect_push
from shared.app.parts import App
from shared.app.take_message import take_message
from shared.domain.events import PushReceived
from shared.domain.queues import QUEUES
from tests.workshop.bench.driver import QueueDoors, Story, Told
from tests.workshop.bench.source import MAIN, names_of
from tests.workshop.bench.throughput import ENGINE, check, entries, logging_to
from tests.workshop.bench.wiring import HOST_JSON, REPOSITORY, Quiet, hosted, quiet, wire

_ENDS = 20.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One run on an empty account; `releases` were measured."""

    told: Told
    transitions: int
    releases: int
    cpu: float

    @property
    def rate(self) -> float:
        """Decisions that moved a phase, a second."""
        return self.transitions / self.told.seconds


def _nothing() -> None:
    """Let it pass."""


def run(
    kind: str,
    storage: AzureStorage,
    services: int,
    versions: int,
    folder: Path,
    *,
    mark: Callable[[], None] = _nothing,
    done: Callable[[], None] = _nothing,
) -> Ran:
    """Tell the story on an empty account, with `mark` after the warm-up and `done` after its end.

    Raise RuntimeError where rows or ledger are not as they must be.
    """
    names = names_of(services)
    outside = quiet(names)
    opened = _engine if kind == ENGINE else _functions
    with (
        open(folder / "log", "w", encoding="utf-8") as log,
        logging_to(log.fileno()),
        opened(storage, outside, folder) as app,
    ):
        inspect_push(app, PushReceived(id="configuration", repository=REPOSITORY, ref=MAIN))
        story = Story(outside, QueueDoors(app), names)
        story.tell(1)
        before = entries(app, names)
        mark()
        cpu = time.process_time()
        told = story.tell(versions)
        cpu = time.process_time() - cpu
        done()
        after = entries(app, names)
        check(app, names, told, versions)
    return Ran(told=told, transitions=after["moved"] - before["moved"], releases=len(told.each), cpu=cpu)


@contextmanager
def _functions(storage: AzureStorage, outside: Quiet, folder: Path) -> Iterator[App]:
    with hosted(folder, outside, storage) as host:
        yield host.app


@contextmanager
def _engine(storage: AzureStorage, outside: Quiet, folder: Path) -> Iterator[App]:
    """What the local host does, with the use cases in the place of functions."""
    queues = RemoteQueues(storage.queues)
    app = wire(storage, outside, folder / "scratch", queues)
    options = read_host_json(HOST_JSON).queues
    calls = {queue: partial(take_message, app, queue) for queue in QUEUES}
    workers = Workers(len(calls) * options.concurrency)
    in_hand = InHand(folder / "in-hand", options.max_dequeue_count)
    crew = dispatchers([_called(queue, call) for queue, call in calls.items()], queues, options, workers, in_hand)
    for one in crew:
        one.start()
    try:
        yield app
    finally:
        for one in crew:
            one.ask_to_stop()
        for one in crew:
            one.finish(time.monotonic() + _ENDS)
        in_hand.close()
        workers.stop()
        storage.close()


def _called(queue: str, call: Callable[[str], None]) -> Registered:
    def take(msg: QueueMessage) -> None:
        call(msg.get_body().decode())

    return Registered(name=queue, parameter="msg", kind="queueTrigger", call=take, trigger={"queueName": queue})
