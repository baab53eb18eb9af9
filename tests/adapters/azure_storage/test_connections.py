"""How many connections to an account are kept open."""

from __future__ import annotations

import logging
import threading

import pytest

from shared.adapters.azure_storage import AzureStorage
from tests.support import azurite
from tests.support.clock import Clock

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
