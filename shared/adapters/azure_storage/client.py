"""Clients of a storage account, made when the first is asked for: an import of an SDK costs a cold start 0.1 to 0.4 s."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azure.data.tables import TableServiceClient
    from azure.storage.queue import QueueServiceClient

AZURE = "core.windows.net"
# What is worth trying again at once is tried by `patiently`, in the same way for both services: the tables' SDK would
# sleep as long as the service says, the queues' whatever it says, and neither tells that a batch was sent twice.
_SETTINGS: dict[str, Any] = {"retry_total": 0, "connection_timeout": 5, "read_timeout": 30}
_CONNECTIONS = 64  # kept open; a host's threads share a client, and the SDKs keep ten


def tables_of_account(name: str, credential: Any, suffix: str) -> TableServiceClient:
    """Return a client of an account's tables for an identity; nothing is sent yet."""
    from azure.data.tables import TableServiceClient

    return TableServiceClient(f"https://{name}.table.{suffix}", credential=credential, **_settings())


def tables_of_connection(connection: str) -> TableServiceClient:
    """Return a client of tables by a connection string, as Azurite has one; nothing is sent yet."""
    from azure.data.tables import TableServiceClient

    return TableServiceClient.from_connection_string(connection, **_settings())


def queues_of_account(name: str, credential: Any, suffix: str) -> QueueServiceClient:
    """Return a client of an account's queues for an identity; nothing is sent yet."""
    from azure.storage.queue import QueueServiceClient

    return QueueServiceClient(f"https://{name}.queue.{suffix}", credential=credential, **_settings())


def queues_of_connection(connection: str) -> QueueServiceClient:
    """Return a client of queues by a connection string; nothing is sent yet."""
    from azure.storage.queue import QueueServiceClient

    return QueueServiceClient.from_connection_string(connection, **_settings())


def _settings() -> dict[str, Any]:
    from azure.core.pipeline.transport import RequestsTransport

    transport = RequestsTransport()
    transport.open()
    for adapter in transport.session.adapters.values():
        adapter.init_poolmanager(connections=1, maxsize=_CONNECTIONS)
    return {**_SETTINGS, "transport": transport}
