"""On Azurite: transitions a second beside the same requests without Slipway, what a release asks of an account, and recovery.

The floor: the requests that a run made, made again by bare threads with the same SDK on an empty account.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from statistics import median
from types import SimpleNamespace
from typing import Any

from infra.local.azurite.launcher import Azurite
from shared.adapters.azure_storage import AzureStorage, client
from shared.app.parts import App
from shared.bootstrap import utc_now
from tests.support.wiring import workers_apart
from tests.workshop.azurite import calls
from tests.workshop.azurite.proxy import StorageProxy
from tests.workshop.bench import recovery
from tests.workshop.bench.figures import Report, in_folder, milliseconds
from tests.workshop.bench.shape import Shape
from tests.workshop.bench.throughput import ENGINE, FUNCTIONS, Run, run
from tests.workshop.bench.world import Quiet, configure, wire

_PART_OF_FLOOR = 0.6  # the goal
_MISSING = 404
_BATCH, _RECEIVE = "submit_transaction", "receive_messages"
# What has an effect or an answer.
_NOTED = frozenset(
    [
        "query_entities",
        "get_entity",
        "upsert_entity",
        "create_entity",
        "update_entity",
        "delete_entity",
        "submit_transaction",
        "send_message",
        "delete_message",
        "update_message",
    ]
)
_OF_THE_FIRST_RUN = ("etag", "match_condition")


def measure(report: Report, *, at_once: tuple[int, ...], releases: int, runs: int = 3) -> None:
    """So many runs with so many releases at a time, each beside the floor of the same minute."""
    for services in at_once:
        versions = max(3, releases // services)
        report.say(f"Azurite: {services} releases at a time, {services * versions} in a run")
        found: dict[str, list[Run]] = {ENGINE: [], FUNCTIONS: []}
        floors: list[float] = []
        for _ in range(runs):
            for kind, made in found.items():
                made.append(in_folder(partial(_run, kind, services, versions)))
            floors.append(in_folder(partial(_floor, services, versions)))
        for kind, made in found.items():
            _add(report, kind, services, made, median(floors))


def _add(report: Report, kind: str, services: int, runs: list[Run], floor: float) -> None:
    def figure(name: str, of: Callable[[Run], float], unit: str, **more: Any) -> None:
        report.runs(f"azurite/{name}/{kind}", [of(one) for one in runs], unit, concurrency=services, **more)

    note = f"{median([one.rate for one in runs]) / floor:.0%} of it"
    goal = floor * _PART_OF_FLOOR
    figure("transitions", lambda one: one.rate, "1/s", floor=floor, goal=goal, better="up", note=note)
    figure("release_p50", lambda one: one.release(50), "ms")
    figure("release_p99", lambda one: one.release(99), "ms")
    figure("cpu", lambda one: one.cpu / one.transitions * 1e3, "ms/transition")


def operations(report: Report, *, releases: int) -> None:
    """Count through a proxy what each of some releases with two environments asks of an account, by kind.

    And what is asked for more where workers report by queues, as apps of their own do.
    """
    report.say(f"Azurite: requests of a release, counted over {releases}")
    found, ran = in_folder(partial(_counted, releases, lambda app: app))
    for name, number in sorted(found.items()):
        own = "the host's own" if name.partition(" ")[2] in calls.HOST else ""
        report.add(f"azurite/{name}", number / releases, "1/release", note=own)
    report.add("azurite/operations", calls.ours(found) / releases, "1/release", goal=80)
    apart, slower = in_folder(partial(_counted, releases, workers_apart))
    more = (calls.ours(apart) - calls.ours(found)) / releases
    report.add("azurite/reports/operations", more, "1/release", note="more, by queue")
    report.add("azurite/reports/release_p50", slower.release(50) - ran.release(50), "ms", note="more, by queue")


def _counted(releases: int, around: Callable[[App], App], folder: Path) -> tuple[Counter[str], Run]:
    seen: list[Counter[str]] = []
    with Azurite() as azurite, closing(StorageProxy(azurite.connection)) as proxy:
        storage = AzureStorage.of_connection(proxy.connection, utc_now)
        mark = lambda: seen.append(Counter(calls.counted(proxy.calls)))  # noqa: E731
        ran = run(FUNCTIONS, 1, releases, folder, database=storage, mark=mark, around=around)
    return seen[1] - seen[0], ran


def recover(report: Report, *, at_once: int = 200, runs: int = 3) -> None:
    """So many releases at a time, of as many services, with an account that outlives the host, as Azure's would."""
    report.say(f"Azurite: kill -9 of the host with {at_once} releases under way")
    shape = Shape(at_once, 0, 0)

    def once(folder: Path) -> recovery.Recovered:
        with Azurite() as azurite:
            storage = AzureStorage.of_connection(azurite.connection, utc_now)
            configure(wire(storage, Quiet(shape.configured()), folder / "scratch"))
            storage.close()
            return recovery.recover(folder, shape, azurite.connection)

    recovery.add(report, at_once, [in_folder(once) for _ in range(runs)], store="azurite/")


def _run(kind: str, services: int, versions: int, folder: Path) -> Run:
    with Azurite() as azurite:
        return run(kind, services, versions, folder, database=AzureStorage.of_connection(azurite.connection, utc_now))


def _floor(services: int, versions: int, folder: Path) -> float:
    """Record what a run of the engine asks for, ask for the same again, and return transitions a second."""
    recorder, marks = Recorder(), list[int]()
    with Azurite() as azurite:
        database = recorder.storage(azurite.connection)
        ran = run(
            ENGINE, services, versions, folder, database=database, mark=lambda: marks.append(len(recorder.requests))
        )
    warm, end = marks
    with Azurite() as azurite:
        again = Again(azurite.connection, {one.target for one in recorder.requests})
        again.make(recorder.requests[:warm], 1)
        took = milliseconds(lambda: again.make(recorder.requests[warm:end], services))
        again.close()
    return ran.transitions / took * 1000


@dataclass(frozen=True, slots=True)
class Request:
    """One call of a client; `target` is the table or queue."""

    target: str
    method: str
    arguments: Sequence[Any]
    keywords: Mapping[str, Any]


class Recorder:
    """The requests in the order of their answers. An empty queue's answer is none: how often a host asks is its own affair."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def storage(self, connection: str) -> AzureStorage:
        """Open an account, and note what is asked of it."""
        tables: Any = lambda: _Noted(client.tables_of_connection(connection), self.requests)  # noqa: E731
        queues: Any = lambda: _Noted(client.queues_of_connection(connection), self.requests)  # noqa: E731
        return AzureStorage(tables, queues, utc_now)


class _Noted:
    """A client whose calls are noted, as they are handed to the SDK: of the account, or of a table or queue."""

    def __init__(self, wrapped: Any, requests: list[Request], target: str = "") -> None:
        self._wrapped, self._requests, self._target = wrapped, requests, target

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._wrapped, method)
        if method in ("get_table_client", "get_queue_client"):
            return lambda name: _Noted(found(name), self._requests, name)
        if method == _RECEIVE:
            return lambda **keywords: SimpleNamespace(by_page=lambda: self._pages(found(**keywords), keywords))
        return partial(self._call, found, method) if method in _NOTED else found

    def _call(self, call: Callable[..., Any], method: str, *arguments: Any, **keywords: Any) -> Any:
        try:
            answer = call(*arguments, **keywords)
        except Exception as error:
            if method == "get_entity" and getattr(error, "status_code", 0) == _MISSING:
                self._requests.append(Request(self._target, method, arguments, keywords))
            raise
        self._requests.append(Request(self._target, method, arguments, keywords))
        return answer

    def _pages(self, messages: Any, keywords: Mapping[str, Any]) -> Iterator[list[Any]]:
        for page in messages.by_page():
            found = list(page)
            if found:
                self._requests.append(Request(self._target, _RECEIVE, (), keywords))
            yield found


class Again:
    """Makes requests in their order, as far as one needs another: a partition's batches, a message's sending and its receipt."""

    def __init__(self, connection: str, targets: set[str]) -> None:
        self._tables, self._queues = client.tables_of_connection(connection), client.queues_of_connection(connection)
        # A queue's name has a hyphen, which no table's may have.
        self._clients: Mapping[str, Any] = {
            one: self._queues.create_queue(one) if "-" in one else self._tables.create_table(one) for one in targets
        }
        self._held: Mapping[str, SimpleQueue[tuple[str, str]]] = defaultdict(SimpleQueue)

    def make(self, requests: Sequence[Request], threads: int) -> None:
        """Make them all, a batch only when the batch before it in its partition is written; raise what the first that fails has met."""
        written: dict[tuple[str, str], Future[None]] = {}
        made = []
        with ThreadPoolExecutor(threads) as pool:
            for one in requests:
                key = (one.target, str(one.arguments[0][0][1]["PartitionKey"])) if one.method == _BATCH else ("", "")
                made.append(pool.submit(self._make, one, written.get(key)))
                if one.method == _BATCH:
                    written[key] = made[-1]
        for future in made:
            future.result()

    def close(self) -> None:
        """Close the connections."""
        self._tables.close()
        self._queues.close()

    def _make(self, request: Request, before: Future[None] | None) -> None:
        if before is not None:
            before.result()
        name, target = request.target, self._clients[request.target]
        keywords = {key: value for key, value in request.keywords.items() if key not in _OF_THE_FIRST_RUN}
        match request.method:
            case "query_entities":
                for page in target.query_entities(*request.arguments, **keywords).by_page():
                    list(page)
            case "submit_transaction":
                target.submit_transaction([_unconditional(*one) for one in request.arguments[0]])
            case "receive_messages":
                self._receive(name, **keywords)
            case "delete_message":
                target.delete_message(*self._take(name))
            case "update_message":
                found = target.update_message(*self._take(name), **keywords)
                self._held[name].put((found.id, found.pop_receipt))
            case method:
                try:
                    getattr(target, method)(*request.arguments, **keywords)
                except Exception as error:
                    if getattr(error, "status_code", 0) != _MISSING:
                        raise

    def _receive(self, queue: str, **keywords: Any) -> None:
        for message in next(self._clients[queue].receive_messages(**keywords).by_page(), ()):
            self._held[queue].put((message.id, message.pop_receipt))

    def _take(self, queue: str) -> tuple[str, str]:
        """A message that was received and not yet deleted; where another thread was quicker, one is received."""
        while True:
            try:
                return self._held[queue].get_nowait()
            except Empty:
                self._receive(queue, messages_per_page=1, max_messages=1, visibility_timeout=60)


def _unconditional(what: str, entity: Any, *more: Mapping[str, Any]) -> tuple[Any, ...]:
    """An operation of a batch without the etag of the first run."""
    kept = {key: value for one in more for key, value in one.items() if key not in _OF_THE_FIRST_RUN}
    return (what, entity, kept) if kept else (what, entity)
