"""The floor: the requests that a run made, made again by bare threads with the same SDK, without anything of ours around them."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import Any

from infra.local.azurite.launcher import Azurite
from shared.adapters.azure_storage import client
from tests.workshop.bench.azurite.recorder import Request

_BATCH = "submit_transaction"
_OF_THE_FIRST_RUN = ("etag", "match_condition")
_MISSING = 404


def seconds(before: Sequence[Request], measured: Sequence[Request], threads: int) -> float:
    """Make the requests again in an emulator of their own, so many at a time, and return how long the measured ones took."""
    with Azurite() as azurite:
        again = Again(azurite.connection, {one.target for one in (*before, *measured)})
        again.make(before, 1)
        began = time.perf_counter()
        again.make(measured, threads)
        took = time.perf_counter() - began
        again.close()
    return took


class Again:
    """Makes requests in their order, as far as one needs another: a partition's batches, a message's sending and its receipt."""

    def __init__(self, connection: str, targets: set[str]) -> None:
        self._tables, self._queues = client.tables_of_connection(connection), client.queues_of_connection(connection)
        self._clients: dict[str, Any] = {}
        for target in targets:
            # A queue's name has a hyphen, which no table's may have.
            service: Any = self._queues if "-" in target else self._tables
            self._clients[target] = (service.create_queue if "-" in target else service.create_table)(target)
        self._held: Mapping[str, SimpleQueue[tuple[str, str]]] = defaultdict(SimpleQueue)

    def make(self, requests: Sequence[Request], threads: int) -> None:
        """Make them all; raise what the first thread that fails has met."""
        turns = _Turns(requests)
        failed: list[Exception] = []

        def work() -> None:
            while not failed and (found := turns.next()) is not None:
                number, request = found
                try:
                    self._make(request)
                except Exception as error:
                    failed.append(error)
                turns.done(number)

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for one in workers:
            one.start()
        for one in workers:
            one.join()
        if failed:
            raise failed[0]

    def close(self) -> None:
        """Close the connections."""
        self._tables.close()
        self._queues.close()

    def _make(self, request: Request) -> None:
        name, table = request.target, self._clients[request.target]
        keywords = {key: value for key, value in request.keywords.items() if key not in _OF_THE_FIRST_RUN}
        match request.method:
            case "query_entities":
                for page in table.query_entities(*request.arguments, **keywords).by_page():
                    list(page)
            case "submit_transaction":
                table.submit_transaction([_unconditional(one) for one in request.arguments[0]])
            case "receive_messages":
                self._receive(name, keywords)
            case "delete_message":
                table.delete_message(*self._take(name))
            case "update_message":
                found = table.update_message(*self._take(name), **keywords)
                self._held[name].put((found.id, found.pop_receipt))
            case method:
                _whatever_is_there(lambda: getattr(table, method)(*request.arguments, **keywords))

    def _receive(self, queue: str, keywords: Mapping[str, Any]) -> int:
        found = list(next(self._clients[queue].receive_messages(**keywords).by_page(), ()))
        for message in found:
            self._held[queue].put((message.id, message.pop_receipt))
        return len(found)

    def _take(self, queue: str) -> tuple[str, str]:
        """A message that was received and not yet deleted; where another thread was quicker, one is received."""
        while True:
            try:
                return self._held[queue].get_nowait()
            except Empty:
                self._receive(queue, {"messages_per_page": 1, "max_messages": 1, "visibility_timeout": 60})


class _Turns:
    """Hands out requests in order; a batch only when the batch before it in its partition is written."""

    def __init__(self, requests: Sequence[Request]) -> None:
        self._left = iter(list(enumerate(requests)))
        self._lock = threading.Lock()
        self._written: dict[int, threading.Event] = {}
        self._before: dict[int, threading.Event] = {}
        last: dict[tuple[str, str], threading.Event] = {}
        for number, one in enumerate(requests):
            if one.method != _BATCH:
                continue
            key = one.target, str(one.arguments[0][0][1]["PartitionKey"])
            if key in last:
                self._before[number] = last[key]
            last[key] = self._written[number] = threading.Event()

    def next(self) -> tuple[int, Request] | None:
        """The next request, once it may be made; None where there are no more."""
        with self._lock:
            found = next(self._left, None)
        if found is not None and found[0] in self._before:
            self._before[found[0]].wait()
        return found

    def done(self, number: int) -> None:
        """Let who waits for this one go on."""
        if number in self._written:
            self._written[number].set()


def _unconditional(operation: Sequence[Any]) -> tuple[Any, ...]:
    """An operation of a batch without the etag of the first run."""
    what, entity, *more = operation
    kept = {key: value for one in more for key, value in one.items() if key not in _OF_THE_FIRST_RUN}
    return (what, entity, kept) if kept else (what, entity)


def _whatever_is_there(work: Callable[[], object]) -> None:
    try:
        work()
    except Exception as error:
        if getattr(error, "status_code", 0) != _MISSING:
            raise
