"""A scene for the real worker, made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.worker.platform import Platform
from tests.support.worker.running import Worker, worker_or_skip
from tests.support.worker.scene import Scene


@pytest.fixture(scope="session", autouse=True)
def real_worker() -> None:
    """Everything in this folder is about Microsoft's worker."""
    worker_or_skip()


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory, real_worker: None) -> Scene:
    """One with a history, to be looked at and copied."""
    return Scene.make(tmp_path_factory.mktemp("worker") / "scene")


@pytest.fixture(scope="module")
def platform(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The app in a worker, for what leaves no traces that the next test could stumble over."""
    with Worker(scene.copy(tmp_path_factory.mktemp("worker") / "copy").settings) as worker:
        yield Platform(worker)


@pytest.fixture
def fresh(scene: Scene, tmp_path: Path) -> Iterator[Platform]:
    """The app in a worker that has just started, on a copy of its own."""
    with Worker(scene.copy(tmp_path / "copy").settings) as worker:
        yield Platform(worker)
