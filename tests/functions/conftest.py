"""The product's doors, open, with two services configured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.app_parts import Harness, make_app
from tests.support.doors import Doors, open_host, serving
from tests.support.host import Running


@pytest.fixture
def slipway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    """The application in memory, or on the store that a test names by an indirect parameter."""
    made = make_app(getattr(request, "param", "memory"), tmp_path).start()
    yield made
    made.database.close()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The functions on a local host, with each test's own application behind them."""
    with open_host(tmp_path_factory.mktemp("host")) as opened:
        yield opened


@pytest.fixture
def doors(slipway: Harness, host: Running) -> Iterator[Doors]:
    """The open doors of the test's application."""
    with serving(slipway, host) as opened:
        yield opened
