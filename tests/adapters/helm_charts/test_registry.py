"""Charts in the embedded registry and in CNCF distribution."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

import pytest

from shared.adapters.helm_charts import HelmCharts
from shared.adapters.helm_charts.charts import is_loopback
from shared.domain.names import Digest
from shared.ports.errors import NotFound, Permanent, Transient
from shared.ports.registry import TagTaken


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
    digest = charts.push(package, registry, repository)

    pulled = charts.pull(registry, repository, digest, version="1.0.2", into=tmp_path / "pulled")

    assert (pulled.name, pulled.read_bytes()) == ("delivery-1.0.2.tgz", package.read_bytes())


def test_a_chart_may_lie_at_the_root_of_a_registry(
    charts: HelmCharts, registry: str, package: Path, tmp_path: Path
) -> None:
    """A repository of one part works as one of several."""
    digest = charts.push(package, registry, "delivery")

    assert charts.pull(registry, "delivery", digest, version="1.0.2", into=tmp_path / "pulled").exists()


def test_pushing_again_is_harmless(charts: HelmCharts, registry: str, package: Path, repository: str) -> None:
    """The digest stays, even where the package's file is younger."""
    first = charts.push(package, registry, repository)
    os.utime(package)

    assert charts.push(package, registry, repository) == first


def test_a_version_is_never_overwritten(
    charts: HelmCharts, registry: str, package: Path, repository: str, folder: Path, tmp_path: Path
) -> None:
    """Another chart under the same version is refused, naming both, and the first one stays."""
    digest = charts.push(package, registry, repository)
    (folder / "delivery/values.yaml").write_text("replicas: 9\n")
    other = charts.package(folder / "delivery", version="1.0.2", app_version="v1.0.2", into=tmp_path / "other")

    with pytest.raises(TagTaken, match=f"{repository}:1.0.2") as refused:
        charts.push(other, registry, repository)

    assert refused.value.found not in (None, refused.value.expected)
    assert charts.push(package, registry, repository) == digest


def test_a_chart_of_another_name_is_refused(charts: HelmCharts, registry: str, package: Path) -> None:
    """Helm would push it beside the repository that was asked for."""
    with pytest.raises(Permanent, match="must end in the chart's name; name the chart parcels"):
        charts.push(package, registry, "charts/parcels")


def test_a_digest_that_is_not_there_is_told_apart(
    charts: HelmCharts, registry: str, package: Path, repository: str, tmp_path: Path
) -> None:
    """NotFound names repository and digest."""
    charts.push(package, registry, repository)
    absent = Digest("sha256:" + "0" * 64)

    with pytest.raises(NotFound, match=f"{repository}@{absent} is not in the registry"):
        charts.pull(registry, repository, absent, version="1.0.2", into=tmp_path)


def test_a_digest_of_another_version_is_refused(
    charts: HelmCharts, registry: str, package: Path, repository: str, tmp_path: Path
) -> None:
    """What the digest names must be the version that was asked for."""
    digest = charts.push(package, registry, repository)

    with pytest.raises(Permanent, match=r"is chart delivery 1\.0\.2 and not delivery 1\.0\.3"):
        charts.pull(registry, repository, digest, version="1.0.3", into=tmp_path)

    assert list(tmp_path.glob("*.tgz")) == []


def test_a_registry_out_of_reach_is_worth_another_try(charts: HelmCharts, package: Path, tmp_path: Path) -> None:
    """Nobody listens on the reserved port 1."""
    with pytest.raises(Transient, match=r"127\.0\.0\.1:1"):
        charts.push(package, "127.0.0.1:1", "charts/delivery")
    with pytest.raises(Transient, match=r"127\.0\.0\.1:1"):
        charts.pull("127.0.0.1:1", "charts/delivery", Digest("sha256:" + "0" * 64), version="1.0.2", into=tmp_path)


def test_dependencies_come_from_a_registry_too(charts: HelmCharts, registry: str, folder: Path, tmp_path: Path) -> None:
    """A library chart that was pushed is fetched when the chart that needs it is packaged."""
    library = charts.package(folder / "common", version="1.0.0", app_version="v1.0.0", into=tmp_path)
    charts.push(library, registry, "libraries/common")
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
