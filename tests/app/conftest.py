"""An application over the store in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.app_parts import Harness, make_app


@pytest.fixture
def slipway(tmp_path: Path) -> Harness:
    """One that has read the repository for the first time and has nothing left to do."""
    return make_app("memory", tmp_path).start()


@pytest.fixture
def fresh(tmp_path: Path) -> Harness:
    """One that has seen nothing yet."""
    return make_app("memory", tmp_path)
