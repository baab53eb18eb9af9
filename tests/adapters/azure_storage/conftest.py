"""What the tests of an account's bad days share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.stores import Opened
from tests.workshop.azurite.proxy import StorageProxy


@pytest.fixture
def proxy(fixture: Opened) -> Iterator[StorageProxy]:
    """What stands before an account; every fault that a test asks for has to happen, and every late request to arrive."""
    assert fixture.proxy is not None
    yield fixture.proxy
    assert fixture.proxy.heal() == 0
