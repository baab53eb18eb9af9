"""Clients of a storage account's tables, and its failures in our words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from shared.ports.store import StoreUnavailable

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineRequest
    from azure.data.tables import TableClient, TableServiceClient

# Told of every request that is really sent, retries included: "query", "get", "batch", "insert", "put" or "delete".
Observer: TypeAlias = Callable[[str], None]

# A decision is tried again as a whole; long retries below it would only hold its message.
_SETTINGS: dict[str, Any] = {
    "retry_total": 3,
    "retry_backoff_factor": 0.2,
    "connection_timeout": 5,
    "read_timeout": 30,
}
_KINDS = {"POST": "insert", "PUT": "put", "PATCH": "put", "DELETE": "delete"}


def tables_of_account(endpoint: str, credential: Any, observe: Observer | None) -> TableServiceClient:
    """Return a client for an account's endpoint; nothing is sent yet."""
    from azure.data.tables import TableServiceClient

    return TableServiceClient(endpoint, credential=credential, **_SETTINGS, **_hook(observe))


def tables_of_connection(connection: str, observe: Observer | None) -> TableServiceClient:
    """Return a client for a connection string, as Azurite has one; nothing is sent yet."""
    from azure.data.tables import TableServiceClient

    return TableServiceClient.from_connection_string(connection, **_SETTINGS, **_hook(observe))


def opened(service: TableServiceClient, name: str) -> TableClient:
    """Return a table, made if it is not there."""
    with failures_named(name):
        return service.create_table_if_not_exists(name)


@contextmanager
def failures_named(what: str) -> Iterator[None]:
    """Turn the SDK's errors into StoreUnavailable."""
    from azure.core.exceptions import AzureError

    try:
        yield
    except AzureError as error:
        raise StoreUnavailable(
            f"table storage failed at {what}: {reason(error)}; try again, and look at the account's health"
        ) from error


def reason(error: Exception) -> str:
    """The first line of an SDK's error; the rest is a dump of the response."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def _hook(observe: Observer | None) -> dict[str, Any]:
    return {} if observe is None else {"raw_request_hook": lambda request: observe(_kind(request))}


def _kind(request: PipelineRequest[Any]) -> str:
    path = request.http_request.url.partition("?")[0]
    if path.endswith("/$batch"):
        return "batch"
    if request.http_request.method == "GET":
        return "query" if path.endswith("()") else "get"
    return _KINDS[request.http_request.method]
