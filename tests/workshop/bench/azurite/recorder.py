"""Notes every request to an account that has an effect or an answer, as it is handed to the SDK."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.adapters.azure_storage import AzureStorage, client
from shared.bootstrap import utc_now

_TABLE = frozenset(
    {
        "query_entities",
        "get_entity",
        "upsert_entity",
        "create_entity",
        "update_entity",
        "delete_entity",
        "submit_transaction",
    }
)
_QUEUE = frozenset({"send_message", "delete_message", "update_message"})
RECEIVE = "receive_messages"
_MISSING = 404


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
        return AzureStorage(
            lambda: _Service(client.tables_of_connection(connection), self.requests),  # type: ignore[arg-type,return-value]
            lambda: _Service(client.queues_of_connection(connection), self.requests),  # type: ignore[arg-type,return-value]
            utc_now,
        )


class _Service:
    """A service client whose clients are noted."""

    def __init__(self, wrapped: Any, requests: list[Request]) -> None:
        self._wrapped, self._requests = wrapped, requests

    def get_table_client(self, name: str) -> _Client:
        return _Client(self._wrapped.get_table_client(name), name, _TABLE, self._requests)

    def get_queue_client(self, name: str) -> _Client:
        return _Client(self._wrapped.get_queue_client(name), name, _QUEUE, self._requests)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped, name)


class _Client:
    """A client of a table or a queue."""

    def __init__(self, wrapped: Any, target: str, noted: frozenset[str], requests: list[Request]) -> None:
        self._wrapped, self._target, self._noted, self._requests = wrapped, target, noted, requests

    def receive_messages(self, **keywords: Any) -> _Pages:
        """See QueueClient."""
        return _Pages(
            self._wrapped.receive_messages(**keywords), Request(self._target, RECEIVE, (), keywords), self._requests
        )

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._wrapped, method)
        if method not in self._noted:
            return found

        def call(*arguments: Any, **keywords: Any) -> Any:
            try:
                answer = found(*arguments, **keywords)
            except Exception as error:
                if method == "get_entity" and getattr(error, "status_code", 0) == _MISSING:
                    self._requests.append(Request(self._target, method, arguments, keywords))
                raise
            self._requests.append(Request(self._target, method, arguments, keywords))
            return answer

        return call


class _Pages:
    """What a queue holds, page by page."""

    def __init__(self, wrapped: Any, request: Request, requests: list[Request]) -> None:
        self._wrapped, self._request, self._requests = wrapped, request, requests

    def by_page(self) -> Iterator[list[Any]]:
        """See ItemPaged."""
        for page in self._wrapped.by_page():
            found = list(page)
            if found:
                self._requests.append(self._request)
            yield found
