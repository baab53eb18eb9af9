"""On Azurite: transitions a second beside the same requests without Slipway, what a release asks of an account, and recovery.

The floor: the requests that a run made, made again by bare threads with the same SDK on an empty account.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from types import SimpleNamespace
from typing import Any, NamedTuple

from azure.core.exceptions import ResourceNotFoundError

from infra.local.azurite.launcher import Azurite
from shared.adapters.azure_storage import AzureStorage, client
from shared.adapters.azure_storage.trouble import patiently
from shared.bootstrap import Database, utc_now
from tests.workshop.azurite import calls
from tests.workshop.azurite.proxy import StorageProxy
from tests.workshop.bench import throughput
from tests.workshop.bench.figures import Report, in_folder
from tests.workshop.bench.outside import Quiet, Shape
from tests.workshop.bench.throughput import Run, run
from tests.workshop.bench.world import APART, FUNCTIONS, configure, wire

# What has an effect or an answer.
_NOTED = ("_entity", "_entities", "_transaction", "_message")
_BATCH, _RECEIVE = "submit_transaction", "receive_messages"
_OF_THE_FIRST_RUN = ("etag", "match_condition")


class AzuriteStore(throughput.MeasuredStore):
    """An account in Azurite."""

    name, part_of_floor = "azurite/", 0.6

    @contextmanager
    def opened(self, folder: Path, noted: list[Any] | None = None) -> Iterator[Database]:
        """See MeasuredStore."""
        with Azurite() as azurite:
            yield storage(azurite.connection, noted)

    @contextmanager
    def again(self, folder: Path, noted: Sequence[Any]) -> Iterator[Callable[[Sequence[Any], int], None]]:
        """See MeasuredStore."""
        with Azurite() as azurite, client.tables_of_connection(azurite.connection) as tables:
            with client.queues_of_connection(azurite.connection) as queues:
                yield Again(tables, queues, {one.target for one in noted}).make

    @contextmanager
    def outliving(self, folder: Path, services: int) -> Iterator[tuple[Shape, str]]:
        """See MeasuredStore. The configuration is read, and nothing was ever released."""
        shape = Shape(services)
        with Azurite() as azurite:
            with closing(storage(azurite.connection)) as database:
                configure(wire(database, Quiet(shape), folder / "scratch"))
            yield shape, azurite.connection


def operations(report: Report, *, releases: int) -> None:
    """Count through a proxy what each of some releases with two environments asks of an account, by kind.

    And what is asked for more where workers report by queues, as apps of their own do.
    """
    report.say(f"Azurite: requests of a release, counted over {releases}")
    found, ran = in_folder(partial(_counted, FUNCTIONS, releases))
    for name, number in sorted(found.items()):
        own = "the host's own" if name.partition(" ")[2] in calls.HOST else ""
        report.add(f"azurite/{name}", [number / releases], "1/release", note=own)
    report.add("azurite/operations", [calls.ours(found) / releases], "1/release", goal=80)
    apart, slower = in_folder(partial(_counted, APART, releases))
    more, longer = (calls.ours(apart) - calls.ours(found)) / releases, slower["release_p50"] - ran["release_p50"]
    report.add("azurite/reports/operations", [more], "1/release", note="more, by queue")
    report.add("azurite/reports/release_p50", [longer], "ms", note="more, by queue")


def _counted(kind: str, releases: int, folder: Path) -> tuple[Counter[str], Run]:
    with Azurite() as azurite, closing(StorageProxy(azurite.connection)) as proxy:
        opened = storage(proxy.connection)
        ran = run(kind, Shape(1), releases, folder, opened, lambda: Counter(calls.counted(proxy.calls)))
    return ran["end"] - ran["warm"], ran


class Request(NamedTuple):
    """One call of a client; `target` is the table or queue."""

    target: str
    method: str
    arguments: Sequence[Any]
    keywords: Mapping[str, Any]


def storage(connection: str, noted: list[Request] | None = None) -> AzureStorage:
    """Open an account. Noted are requests in the order of their answers; how often a host asks an empty queue is its own affair."""
    if noted is None:
        return AzureStorage.of_connection(connection, utc_now)
    tables: Any = lambda: _Noted(client.tables_of_connection(connection), noted)  # noqa: E731
    queues: Any = lambda: _Noted(client.queues_of_connection(connection), noted)  # noqa: E731
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
        return partial(self._call, found, method) if method.endswith(_NOTED) else found

    def _call(self, call: Callable[..., Any], method: str, *arguments: Any, **keywords: Any) -> Any:
        request = Request(self._target, method, arguments, keywords)
        try:
            answer = call(*arguments, **keywords)
        except ResourceNotFoundError:
            if method == "get_entity":
                self._requests.append(request)
            raise
        self._requests.append(request)
        return answer

    def _pages(self, messages: Any, keywords: Mapping[str, Any]) -> Iterator[list[Any]]:
        for found in map(list, messages.by_page()):
            if found:
                self._requests.append(Request(self._target, _RECEIVE, (), keywords))
            yield found


class Again:
    """Makes requests in their order, as far as one needs another: a partition's batches, a message's sending and its receipt."""

    def __init__(self, tables: Any, queues: Any, targets: set[str]) -> None:
        # A queue's name has a hyphen, which no table's may have.
        self._clients = {one: queues.create_queue(one) if "-" in one else tables.create_table(one) for one in targets}
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

    def _make(self, request: Request, before: Future[None] | None) -> None:
        if before is not None:
            before.result()
        # A busy Azurite closes connections, as the product knows.
        patiently(lambda: self._ask(request))

    def _ask(self, request: Request) -> None:
        name, target = request.target, self._clients[request.target]
        keywords = {key: value for key, value in request.keywords.items() if key not in _OF_THE_FIRST_RUN}
        match request.method:
            case "query_entities":
                list(target.query_entities(*request.arguments, **keywords))
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
                with suppress(ResourceNotFoundError):
                    getattr(target, method)(*request.arguments, **keywords)

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
