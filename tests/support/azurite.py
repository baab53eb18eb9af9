"""Azure's storage emulator, in memory, started when the first test needs it."""

from __future__ import annotations

import atexit
import functools
import uuid
from collections.abc import Callable

from azure.storage.queue import QueueServiceClient

from infra.local.azurite.launcher import Azurite
from tests.workshop.azurite.calls import Call
from tests.workshop.azurite.proxy import StorageProxy


@functools.cache
def connection() -> str:
    """Start the emulator on free ports and return the connection string; it ends with the tests."""
    azurite = Azurite()
    atexit.register(azurite.stop)
    return azurite.connection


@functools.cache
def proxy() -> StorageProxy:
    """Stand before the emulator: counts what is asked of it, and fails when a test wants it to."""
    return StorageProxy(connection())


def a(kind: str) -> Callable[[Call], bool]:
    """Choose requests of a kind."""
    return lambda call: call.kind == kind


def new_prefix() -> str:
    """Begin the names of tables that no other test has."""
    return f"t{uuid.uuid4().hex[:16]}"


def empty_queues() -> None:
    """Take the queues away that another test has left; their names are the same everywhere."""
    with QueueServiceClient.from_connection_string(connection()) as service:
        for queue in list(service.list_queues()):
            service.delete_queue(queue)
