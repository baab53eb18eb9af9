"""What opening a storage account costs: nothing, until something is read or sent."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError

from shared.adapters.azure_storage import AzureStorage
from shared.ports.store import StoreUnavailable
from tests.support.clock import Clock
from tests.support.stores import SERVICE, a_write, always

_OPEN = """
import sys
from datetime import UTC, datetime
from shared.adapters.azure_storage import AzureStorage
from shared.ports.store import StoreUnavailable
gone = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;"
gone += "TableEndpoint=http://127.0.0.1:1/a;QueueEndpoint=http://127.0.0.1:1/a;"
storage = AzureStorage.of_connection(gone, lambda: datetime.now(UTC))
"""
_SAY = """
print(*(name for name in ("azure.core", "azure.data.tables", "azure.storage.queue") if name in sys.modules))
"""
_TRY = """
try:
    {}
except StoreUnavailable:
    pass
"""


def loaded_after(step: str) -> set[str]:
    """Open an account in a fresh process, take a step and return the SDKs that it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", _OPEN + (_TRY.format(step) if step else "") + _SAY], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("step", "loaded"),
    [
        pytest.param("", set(), id="opening"),
        pytest.param(
            'storage.queues.send("slipway-events", "body")', {"azure.core", "azure.storage.queue"}, id="a door"
        ),
        pytest.param('storage.store.read("shipping~delivery")', {"azure.core", "azure.data.tables"}, id="a reader"),
        pytest.param("storage.close()", set(), id="closing"),
    ],
)
def test_an_sdk_is_loaded_by_who_uses_it_only(step: str, loaded: set[str]) -> None:
    """A door that only sends does not wait for the tables' part of the SDK."""
    assert loaded_after(step) == loaded


class NoToken:
    """A credential whose identity is out of reach; it has tried long enough by itself."""

    def __init__(self) -> None:
        self.asked = 0

    def get_token(self, *scopes: str, **options: Any) -> object:
        """See TokenCredential."""
        self.asked += 1
        raise ClientAuthenticationError("no managed identity endpoint answers")


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(lambda one: one.store.read(SERVICE), id="reading"),
        pytest.param(lambda one: one.store.transact(SERVICE, "e1", always(a_write())), id="deciding"),
        pytest.param(lambda one: one.rows.put("shipping", "tip", b"1", etag=None), id="a row"),
        pytest.param(lambda one: one.queues.send("slipway-events", "body"), id="sending"),
    ],
)
def test_an_account_without_a_token_is_unavailable_at_once(work: Callable[[AzureStorage], object]) -> None:
    """Nothing was sent, so there is nothing to look up and nothing to be tried again in the same second."""
    credential = NoToken()

    with closing(AzureStorage.of_account("none", credential, Clock(), suffix="invalid")) as storage:
        with pytest.raises(StoreUnavailable, match="no managed identity endpoint answers"):
            work(storage)

    assert credential.asked == 1
