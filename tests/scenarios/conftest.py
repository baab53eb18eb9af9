"""Whole releases on each store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.app_parts import Harness, make_app
from tests.support.stores import ALL


@pytest.fixture(params=ALL)
def slipway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    """An application that has read the repository for the first time, and built its default branch."""
    harness = make_app(request.param, tmp_path).start()
    harness.outside.builder.orders.clear()
    yield harness
    harness.database.close()
