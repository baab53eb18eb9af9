"""Charts in the embedded registry and in CNCF distribution."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from shared.adapters.helm_charts import HelmCharts
from shared.adapters.helm_charts.hosts import is_loopback
from shared.adapters.oci_registry import OciRegistry
from shared.domain.values.names import Digest
from shared.ports.errors import NotFound, Permanent, Transient


def push(registry: str, repository: str, package: Path) -> Digest:
    """Put a package where the charts are pulled from."""
    return OciRegistry().push_chart(registry, repository, package)


@pytest.fixture
def package(charts: HelmCharts, folder: Path, tmp_path: Path) -> Path:
    """The sample's chart of delivery, packaged."""
    return charts.package(folder / "delivery", version="1.0.2", app_version="v1.0.2", into=tmp_path / "package")


@pytest.fixture
def repository() -> str:
    """A repository that no other test uses."""
    return f"charts-{uuid4().hex}/delivery"


def test_what_is_pulled_by_digest_is_what_was_pushed(
    charts: HelmCharts, registry: str, package: Path, repository: str, tmp_path: Path
) -> None:
    """Byte for byte, under the chart's own file name."""
    digest = push(registry, repository, package)

    pulled = charts.pull(registry, repository, digest, version="1.0.2", into=tmp_path / "pulled")

    assert (pulled.name, pulled.read_bytes()) == ("delivery-1.0.2.tgz", package.read_bytes())


def test_a_chart_may_lie_at_the_root_of_a_registry(
    charts: HelmCharts, registry: str, package: Path, tmp_path: Path
) -> None:
    """A repository of one part works as one of several."""
    digest = push(registry, "delivery", package)

    assert charts.pull(registry, "delivery", digest, version="1.0.2", into=tmp_path / "pulled").exists()


def test_a_digest_that_is_not_there_is_told_apart(
    charts: HelmCharts, registry: str, package: Path, repository: str, tmp_path: Path
) -> None:
    """NotFound names repository and digest."""
    push(registry, repository, package)
    absent = Digest("sha256:" + "0" * 64)

    with pytest.raises(NotFound, match=f"{repository}@{absent} is not in the registry"):
        charts.pull(registry, repository, absent, version="1.0.2", into=tmp_path)


def test_a_digest_of_another_version_is_refused(
    charts: HelmCharts, registry: str, package: Path, repository: str, tmp_path: Path
) -> None:
    """What the digest names must be the version that was asked for."""
    digest = push(registry, repository, package)

    with pytest.raises(Permanent, match=r"is chart delivery 1\.0\.2 and not delivery 1\.0\.3"):
        charts.pull(registry, repository, digest, version="1.0.3", into=tmp_path)

    assert list(tmp_path.glob("*.tgz")) == []


def test_a_registry_out_of_reach_is_worth_another_try(charts: HelmCharts, tmp_path: Path) -> None:
    """Nobody listens on the reserved port 1."""
    with pytest.raises(Transient, match=r"127\.0\.0\.1:1"):
        charts.pull("127.0.0.1:1", "charts/delivery", Digest("sha256:" + "0" * 64), version="1.0.2", into=tmp_path)


def test_dependencies_come_from_a_registry_too(charts: HelmCharts, registry: str, folder: Path, tmp_path: Path) -> None:
    """A library chart that was pushed is fetched when the chart that needs it is packaged."""
    library = charts.package(folder / "common", version="1.0.0", app_version="v1.0.0", into=tmp_path)
    OciRegistry().tag(registry, "libraries/common", push(registry, "libraries/common", library), "1.0.0")
    chart = folder / "package/Chart.yaml"
    chart.write_text(chart.read_text().replace("file://../common", f"oci://{registry}/libraries"))

    charts.package(folder / "package", version="1.0.2", app_version="v1.0.2", into=tmp_path)

    assert {finding.severity for finding in charts.lint(folder / "package")} <= {"info"}


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost:5000", True),
        ("127.0.0.1:5000", True),
        ("[::1]:5000", True),
        ("127.8.9.1", True),
        ("fabrikam.azurecr.io", False),
        ("localhost.example.com:443", False),
        ("10.0.0.4:5000", False),
    ],
)
def test_only_this_machine_is_spoken_to_without_tls(host: str, expected: bool) -> None:
    """A registry elsewhere is always asked over TLS."""
    assert is_loopback(host) is expected
