"""What these tests share: a registry, charts to work on, the sample's charts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.core.credentials import AccessToken

from shared.adapters.helm_charts import HelmCharts
from shared.adapters.oci_registry import OciRegistry
from tests.support.acr import Acr, acr
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


class Identity:
    """Its token is its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        """See TokenCredential."""
        return AccessToken(self.name, 1 << 40)


PUSHER, QA = Identity("own"), Identity("qa")


@pytest.fixture(params=["embedded", pytest.param("distribution", marks=pytest.mark.real("docker-registry"))])
def guarded(request: pytest.FixtureRequest) -> Iterator[tuple[str, Acr]]:
    """A registry that knows whose every token is."""
    with acr(lambda token, resource: token, distribution=request.param == "distribution") as opened:
        yield opened


@pytest.fixture
def charts() -> HelmCharts:
    """The adapter under test."""
    return HelmCharts(registries=OciRegistry())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the sample's charts, to change at will."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "charts"))
