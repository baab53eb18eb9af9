"""What these tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from shared.ports.builder import BuildOrder, Step
from tests.support.build_site import SAMPLE, Site
from tests.support.git_repositories import a_repository
from tests.support.registries import embedded_registry
from tests.support.tree_state import tree_state


@pytest.fixture(scope="session")
def sample() -> Mapping[str, bytes]:
    """The sample's files."""
    return {name: content for name, content in tree_state(SAMPLE).items() if "__pycache__" not in name}


@pytest.fixture
def site(tmp_path: Path, sample: Mapping[str, bytes]) -> Iterator[Site]:
    """The sample in a repository of its own, and an empty registry."""
    with embedded_registry(tmp_path / "registry") as host:
        yield Site(tmp_path / "builds", a_repository(tmp_path / "origin.git", sample), host)


@pytest.fixture
def tests_only(site: Site) -> Callable[[str], BuildOrder]:
    """Orders that run one test command over a small service, and nothing else."""

    def order(script: str) -> BuildOrder:
        files = {"src/shipping/delivery/run.py": script}
        return site.order(files, test="python run.py", steps=(Step.UNIT_TESTS,), version=None)

    return order
