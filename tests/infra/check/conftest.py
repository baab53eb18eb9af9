"""A monorepo to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.build_site import SAMPLE
from tests.support.git_repositories import GitRepository, a_repository
from tests.support.tree_state import tree_state


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """The sample monorepo."""
    files = {name: content for name, content in tree_state(SAMPLE).items() if "__pycache__" not in name}
    return a_repository(tmp_path / "shop.git", files)
