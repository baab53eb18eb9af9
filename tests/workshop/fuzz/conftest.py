"""A lively application behind open doors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.app_parts import Harness
from tests.support.doors import Doors, open_host, serving
from tests.support.host import Running
from tests.support.lively import lively


@pytest.fixture
def slipway(tmp_path: Path) -> Iterator[Harness]:
    """An application with a history."""
    made = lively(tmp_path)
    yield made
    made.database.close()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The functions on a local host."""
    with open_host(tmp_path_factory.mktemp("host")) as opened:
        yield opened


@pytest.fixture
def doors(slipway: Harness, host: Running) -> Iterator[Doors]:
    """The open doors of the test's application."""
    with serving(slipway, host) as opened:
        yield opened
