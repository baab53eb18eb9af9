"""What opening a storage account costs: nothing, until something is read or sent."""

from __future__ import annotations

import subprocess
import sys

import pytest

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
