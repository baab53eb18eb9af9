"""What these tests share: a registry, charts to work on, the sample's charts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.adapters.helm_charts import HelmCharts
from tests.support.registries import distribution_registry, embedded_registry

SAMPLE = Path(__file__).parents[3] / "infra/samples/monorepo/charts"


@pytest.fixture(
    scope="session",
    params=["embedded", pytest.param("distribution", marks=pytest.mark.real("docker-registry"))],
)
def registry(request: pytest.FixtureRequest) -> Iterator[str]:
    """The host and port of each registry."""
    with embedded_registry() if request.param == "embedded" else distribution_registry() as host:
        yield host


@pytest.fixture
def charts() -> HelmCharts:
    """The adapter under test."""
    return HelmCharts()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the sample's charts, to change at will."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "charts"))
