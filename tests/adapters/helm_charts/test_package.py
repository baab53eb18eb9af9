"""Packaging and lint."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path

import pytest

from shared.adapters.helm_charts import HelmCharts
from shared.ports.errors import Permanent, Transient
from tests.support.tree_state import tree_state


def content(package: Path) -> dict[str, bytes]:
    """What a package holds."""
    with tarfile.open(package) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["delivery", "package"])
def test_the_same_content_gives_the_same_bytes(charts: HelmCharts, folder: Path, tmp_path: Path, name: str) -> None:
    """Times of files, and of a lock made on the way, leave no trace in a package."""
    first = charts.package(folder / name, version="1.0.2", app_version="v1.0.2", into=tmp_path / "first")
    other = Path(shutil.copytree(folder, tmp_path / "elsewhere"))
    for path in other.rglob("*"):
        os.utime(path, (1, 1))

    second = charts.package(other / name, version="1.0.2", app_version="v1.0.2", into=tmp_path / "second")

    assert (first.name, first.read_bytes()) == (f"{name}-1.0.2.tgz", second.read_bytes())
    assert first.stat().st_mtime == 0


def test_a_change_of_the_content_changes_the_package(charts: HelmCharts, folder: Path, tmp_path: Path) -> None:
    """A different value in a dependency's template is a different package."""
    first = charts.package(folder / "package", version="1.0.2", app_version="v1.0.2", into=tmp_path / "first")
    template = folder / "common/templates/_common.tpl"
    template.write_text(template.read_text().replace("drop: [ALL]", "drop: [NET_RAW]"))

    second = charts.package(folder / "package", version="1.0.2", app_version="v1.0.2", into=tmp_path / "second")

    assert first.read_bytes() != second.read_bytes()


def test_a_package_holds_its_dependencies_and_versions(charts: HelmCharts, folder: Path, tmp_path: Path) -> None:
    """Version and appVersion are the release's; the library chart from beside the chart is inside."""
    held = content(charts.package(folder / "package", version="1.0.2", app_version="v1.0.2", into=tmp_path))

    assert b"version: 1.0.2" in held["package/Chart.yaml"].splitlines()
    assert b"appVersion: v1.0.2" in held["package/Chart.yaml"].splitlines()
    assert "package/charts/common/templates/_common.tpl" in held


def test_dependencies_of_dependencies_are_packaged_too(charts: HelmCharts, folder: Path, tmp_path: Path) -> None:
    """Helm looks one level deep; a library that uses another library still renders."""
    (folder / "base").mkdir()
    (folder / "base/Chart.yaml").write_text("apiVersion: v2\nname: base\ntype: library\nversion: 2.0.0\n")
    with (folder / "common/Chart.yaml").open("a") as chart:
        chart.write("dependencies: [{name: base, version: 2.0.0, repository: 'file://../base'}]\n")

    held = content(charts.package(folder / "package", version="1.0.2", app_version="v1.0.2", into=tmp_path))

    assert "package/charts/common/charts/base/Chart.yaml" in held


def test_the_given_folder_stays_as_it_is(charts: HelmCharts, folder: Path, tmp_path: Path) -> None:
    """Neither lint, package nor render writes below the chart."""
    before = tree_state(folder)

    charts.lint(folder / "package")
    charts.package(folder / "package", version="1.0.2", app_version="v1.0.2", into=tmp_path / "out")

    assert tree_state(folder) == before


@pytest.mark.parametrize("name", ["delivery", "package", "common"])
def test_lint_finds_no_fault_in_a_good_chart(charts: HelmCharts, folder: Path, name: str) -> None:
    """Dependencies are in place before lint looks."""
    findings = charts.lint(folder / name)

    assert {finding.severity for finding in findings} <= {"info"}


def test_lint_names_file_and_line(charts: HelmCharts, folder: Path) -> None:
    """A template that cannot be rendered is an error with its place."""
    (folder / "delivery/templates/bad.yaml").write_text("a: 1\nb: {{ .Values.none.at.all }}\n")

    errors = [finding for finding in charts.lint(folder / "delivery") if finding.severity == "error"]

    assert [(one.path, one.line, one.value) for one in errors] == [("templates/bad.yaml", 2, "none.at.all")]
    assert "write none.at.all: in values.yaml" in errors[0].message


@pytest.mark.parametrize(
    ("dependency", "problem"),
    [
        ("file://../missing", r"package depends on file://../missing, and there is no chart"),
        ("file:///srv/common", r"another machine may not have; write it relative"),
        ("file://../package", r"package depends on itself; break the circle"),
        ("oci://127.0.0.1:{closed}/charts", r"127\.0\.0\.1"),
    ],
)
def test_a_dependency_that_cannot_be_had_is_named(
    charts: HelmCharts, folder: Path, tmp_path: Path, dependency: str, problem: str
) -> None:
    """A fault of the chart is permanent; a registry out of reach is worth another try."""
    chart = folder / "package/Chart.yaml"
    chart.write_text(chart.read_text().replace("file://../common", dependency.format(closed=1)))

    with pytest.raises(Transient if dependency.startswith("oci") else Permanent, match=problem):
        charts.package(folder / "package", version="1.0.2", app_version="v1.0.2", into=tmp_path)


def test_a_lock_that_does_not_fit_is_refused(charts: HelmCharts, folder: Path, tmp_path: Path) -> None:
    """What Chart.lock pins is what is packaged, never something newer."""
    (folder / "package/Chart.lock").write_text(
        "dependencies:\n- name: common\n  repository: file://../common\n  version: 0.9.0\n"
        "digest: sha256:00\ngenerated: '2026-01-01T00:00:00Z'\n"
    )

    with pytest.raises(Permanent, match="lock"):
        charts.package(folder / "package", version="1.0.2", app_version="v1.0.2", into=tmp_path)


def test_a_symbolic_link_that_leads_out_is_refused(charts: HelmCharts, folder: Path, tmp_path: Path) -> None:
    """A chart cannot carry off a file of the machine that packages it."""
    (folder / "delivery/notes.txt").symlink_to("/etc/hostname")

    with pytest.raises(Permanent, match=r"notes\.txt is a symbolic link that leads out of the repository"):
        charts.package(folder / "delivery", version="1.0.2", app_version="v1.0.2", into=tmp_path)


@pytest.mark.parametrize("text", ["a: [", "version: 1.0.0", "[]"])
def test_a_folder_that_is_no_chart_is_refused(charts: HelmCharts, tmp_path: Path, text: str) -> None:
    """The message names Chart.yaml."""
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd/Chart.yaml").write_text(text)

    with pytest.raises(Permanent, match=r"odd/Chart\.yaml"):
        charts.package(tmp_path / "odd", version="1.0.2", app_version="v1.0.2", into=tmp_path / "out")
