"""Rendering and reading manifests."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.adapters.helm_charts import HelmCharts
from shared.ports.chart import Rendering
from shared.ports.errors import Permanent


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    """A chart that shows its values."""
    (tmp_path / "show/templates").mkdir(parents=True)
    (tmp_path / "show/Chart.yaml").write_text("apiVersion: v2\nname: show\nversion: 1.0.0\n")
    (tmp_path / "show/values.yaml").write_text(
        "one: default\ntwo: default\ngone: {a: 1}\nnested: {a: default, b: default}\n"
    )
    (tmp_path / "show/templates/shown.yaml").write_text(
        "kind: Shown\nname: {{ .Release.Name }}\nvalues: {{ toJson .Values }}\n"
    )
    return tmp_path / "show"


def shown(charts: HelmCharts, chart: Path, *values: bytes, **settings: str) -> object:
    """The values as the chart sees them."""
    dotted = tuple((key.replace("__", "."), text) for key, text in settings.items())
    rendered = charts.render(chart, Rendering(release_name="r", namespace="n", values=values, set=dotted))
    return charts.parse(rendered)[0]["values"]


def test_later_values_win_key_by_key(charts: HelmCharts, chart: Path) -> None:
    """Files are laid over one another, deep; what none of them names stays the chart's."""
    values = shown(charts, chart, b"one: 1\nnested: {a: first}\ngone: null", b"one: 2\nnested: {c: second}")

    assert values == {"one": 2, "two": "default", "nested": {"a": "first", "b": "default", "c": "second"}}


def test_settings_win_over_files_and_are_texts(charts: HelmCharts, chart: Path) -> None:
    """Commas, braces and numbers in a setting have no meaning of their own."""
    values = shown(charts, chart, b"nested: {a: file}", nested__a="v1@sha256:ab,c={d}", one="012", two="true")

    assert values == {
        "one": "012", "two": "true", "gone": {"a": 1}, "nested": {"a": "v1@sha256:ab,c={d}", "b": "default"},
    }  # fmt: skip


def test_a_dot_in_a_key_can_be_escaped(charts: HelmCharts, chart: Path) -> None:
    """As on Helm's own command line, for annotations."""
    rendering = Rendering(release_name="r", namespace="n", set=(("nested.example\\.com/a", "x"),))

    values = charts.parse(charts.render(chart, rendering))[0]["values"]

    assert isinstance(values, dict)
    assert values["nested"] == {"a": "default", "b": "default", "example.com/a": "x"}


def test_a_package_renders_like_its_folder(charts: HelmCharts, folder: Path, tmp_path: Path) -> None:
    """Dependencies are found in both."""
    rendering = Rendering(release_name="package", namespace="backend")
    package = charts.package(folder / "package", version="0.0.0", app_version="v0.0.0", into=tmp_path)

    assert charts.render(package, rendering) == charts.render(folder / "package", rendering)


def test_definitions_come_first_and_notes_not_at_all(charts: HelmCharts, chart: Path) -> None:
    """What is applied must know its kinds; NOTES.txt is for people at a terminal."""
    (chart / "crds").mkdir()
    (chart / "crds/widgets.yaml").write_text("kind: CustomResourceDefinition\n")
    (chart / "templates/NOTES.txt").write_text("installed\n")
    (chart / "templates/empty.yaml").write_text("{{ if false }}kind: Never{{ end }}\n")

    rendered = charts.render(chart, Rendering(release_name="r", namespace="n"))

    assert [each["kind"] for each in charts.parse(rendered)] == ["CustomResourceDefinition", "Shown"]
    assert b"installed" not in rendered


def test_a_template_at_fault_is_named_with_its_line(charts: HelmCharts, chart: Path) -> None:
    """A release fails with a place to look at."""
    (chart / "templates/bad.yaml").write_text('a: 1\nb: {{ required "b is needed" .Values.b }}\n')

    with pytest.raises(Permanent, match=r"show/templates/bad\.yaml:2.*b is needed"):
        charts.render(chart, Rendering(release_name="r", namespace="n"))


@pytest.mark.parametrize("values", [b"a: [", b"- a", b"\xff\xfe"])
def test_values_that_cannot_be_read_are_refused(charts: HelmCharts, chart: Path, values: bytes) -> None:
    """Broken values are the release's fault."""
    with pytest.raises(Permanent) as refused:
        charts.render(chart, Rendering(release_name="r", namespace="n", values=(values,)))

    assert refused.value.ours is False


def test_what_is_rendered_must_be_yaml(charts: HelmCharts, chart: Path) -> None:
    """The template and its line are named."""
    (chart / "templates/bad.yaml").write_text("a: 1\nb: c: d\n")
    rendered = charts.render(chart, Rendering(release_name="r", namespace="n"))

    with pytest.raises(Permanent, match=r"show/templates/bad\.yaml, line 2 as rendered"):
        charts.parse(rendered)


def test_what_is_rendered_must_be_objects(charts: HelmCharts) -> None:
    """A list or a text is no manifest."""
    with pytest.raises(Permanent, match="list and not an object"):
        charts.parse(b"---\n- a\n")


def test_empty_documents_are_left_out_and_dates_stay_texts(charts: HelmCharts) -> None:
    """Kubernetes knows no dates."""
    assert charts.parse(b"---\n# nothing\n---\na: 2026-11-23\nb: 1\n---\n") == [{"a": "2026-11-23", "b": 1}]
