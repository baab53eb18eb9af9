"""Links inside a chart are followed as far as they stay in the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shared.adapters.helm_charts import HelmCharts
from shared.ports.errors import Permanent
from tests.adapters.helm_charts.test_package import content


@pytest.fixture
def root(folder: Path) -> Path:
    """A repository with the sample's charts in `charts` and a folder of texts beside them."""
    root = folder.parent / "repository"
    (root / "texts").mkdir(parents=True)
    (root / "texts/a.txt").write_text("hello")
    folder.rename(root / "charts")
    return root


def packaged(charts: HelmCharts, root: Path, name: str = "delivery") -> dict[str, bytes]:
    """What the package of a chart of the repository holds."""
    return content(
        charts.package(root / "charts" / name, version="1.0.0", app_version="v1", into=root / "out", root=root)
    )


def test_a_link_to_a_file_or_a_folder_goes_along_with_its_content(charts: HelmCharts, root: Path) -> None:
    """The package holds no links."""
    (root / "charts/delivery/files").symlink_to("../../texts")
    (root / "charts/delivery/one.txt").symlink_to("../../texts/a.txt")
    held = packaged(charts, root)

    assert held["delivery/files/a.txt"] == held["delivery/one.txt"] == b"hello"


def test_a_chart_may_be_a_link_itself(charts: HelmCharts, root: Path) -> None:
    """What it depends on stands beside the link, as for Helm."""
    (root / "charts/package").rename(root / "texts/package")
    (root / "charts/package").symlink_to("../texts/package")

    assert "package/charts/common/templates/_common.tpl" in packaged(charts, root, "package")


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("/etc/hostname", "is a symbolic link that leads out of the repository"),
        ("../../../outside", "is a symbolic link that leads out of the repository"),
        ("nowhere", "is a symbolic link to nothing"),
        ("x", "is a symbolic link to nothing, or to itself"),
        (".", "is a link to a folder that holds it"),
        ("..", "is a link to a folder that holds it"),
    ],
)
def test_attack_a_link_that_cannot_be_followed_is_refused(
    charts: HelmCharts, root: Path, target: str, problem: str
) -> None:
    """It is named by its place in the repository."""
    (root.parent / "outside").mkdir()
    (root / "charts/delivery/x").symlink_to(target)

    with pytest.raises(Permanent, match=r"charts/delivery/x") as refused:
        packaged(charts, root)
    assert problem in str(refused.value)


def test_attack_a_dependency_lies_in_the_repository(charts: HelmCharts, root: Path) -> None:
    """A folder beside it is the machine's."""
    (root.parent / "outside").mkdir()
    (root.parent / "outside/Chart.yaml").write_text("apiVersion: v2\nname: common\nversion: 1.0.0\n")
    chart = root / "charts/package/Chart.yaml"
    chart.write_text(chart.read_text().replace("file://../common", "file://../../../outside"))

    with pytest.raises(Permanent, match="is out of the repository"):
        packaged(charts, root, "package")


def test_attack_a_pipe_is_not_read(charts: HelmCharts, root: Path) -> None:
    """It would be waited for."""
    os.mkfifo(root / "charts/delivery/pipe")

    with pytest.raises(Permanent, match="pipe is neither a file nor a folder"):
        packaged(charts, root)


def test_attack_a_chart_has_a_size(charts: HelmCharts, root: Path) -> None:
    """A link can show a large folder many times."""
    with (root / "texts/large").open("wb") as file:
        file.truncate(60 << 20)
    for name in ("a", "b"):
        (root / "charts/delivery" / name).symlink_to("../../texts")

    with pytest.raises(Permanent, match="is one too many: a chart has 10000 files and 100 MiB at the most"):
        packaged(charts, root)
