"""How many connections to an account are kept open, and what becomes of who asks while they are closed."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

import pytest

from shared.adapters.azure_storage import AzureStorage
from shared.ports.store import StoreUnavailable
from tests.support import azurite
from tests.support.clock import Clock
from tests.support.stores import MINUTE

pytestmark = [pytest.mark.real("azurite")]


def test_as_many_threads_as_a_host_has_keep_their_connections(caplog: pytest.LogCaptureFixture) -> None:
    """None is thrown away after a request: over TLS a new one costs more than the request."""
    storage = AzureStorage.of_connection(azurite.connection(), Clock(), prefix=azurite.new_prefix())
    together = threading.Barrier(32)

    def ask() -> None:
        together.wait(60)
        storage.rows.get("p", "r")
        storage.queues.count("slipway-none")

    threads = [threading.Thread(target=ask) for _ in range(together.parties)]
    with caplog.at_level(logging.WARNING, logger="urllib3"):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    storage.close()

    assert [record.getMessage() for record in caplog.records if "pool is full" in record.getMessage()] == []


def test_who_asks_while_the_account_is_closed_is_told_so() -> None:
    """Who waits for messages goes home; nobody gets an error of the SDK's."""
    queue, at_once = "slipway-closed", timedelta(0)
    storage = AzureStorage.of_connection(azurite.connection(), Clock(), prefix=azurite.new_prefix())
    assert storage.queues.receive(queue, most=1, visibility=MINUTE, wait=at_once) == []
    under_way = storage.queues._client(queue)
    storage.close()
    storage.queues._clients[queue] = under_way

    assert storage.queues.receive(queue, most=1, visibility=MINUTE, wait=at_once) == []
    with pytest.raises(StoreUnavailable, match="storage was closed during"):
        storage.queues.send(queue, "body")
