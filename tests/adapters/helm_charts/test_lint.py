"""Lint judges a chart as it will be deployed."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.adapters.helm_charts import HelmCharts
from shared.domain.policies.setting import Setting, SettingKind
from shared.ports.chart import LintFinding, Rendering
from tests.adapters.helm_charts.test_settings import chart

QA = Rendering(release_name="show", namespace="qa", values=(b"db: {host: qa-db}",))
PRODUCTION = Rendering(release_name="show", namespace="production", set=(("db.host", Setting("db")),))


def errors(found: object) -> list[LintFinding]:
    """What fails a build."""
    assert isinstance(found, list)
    return [one for one in found if one.severity == "error"]


@pytest.fixture
def needy(tmp_path: Path) -> Path:
    """A chart that renders with the values of an environment only."""
    return chart(tmp_path, {"templates/b.yaml": "kind: X\nhost: {{ .Values.db.host }}\n"})


def test_what_only_bare_default_values_break_is_no_error(charts: HelmCharts, needy: Path) -> None:
    """Nobody deploys them."""
    assert errors(charts.lint(needy)) != []
    assert errors(charts.lint(needy, [QA, PRODUCTION])) == []


def test_what_one_environment_breaks_is_an_error(charts: HelmCharts, needy: Path) -> None:
    """With file, line and value, and what to write."""
    [found] = errors(charts.lint(needy, [QA, Rendering(release_name="show", namespace="dev")]))

    assert (found.path, found.line, found.value) == ("templates/b.yaml", 2, "db.host")
    assert "write db.host: in values.yaml or in the environment's values file" in found.message


def test_what_several_environments_break_is_said_once(charts: HelmCharts, tmp_path: Path) -> None:
    """A template that cannot be read is the same everywhere."""
    found = errors(charts.lint(chart(tmp_path, {"templates/b.yaml": "a: 1\n{{ nope }}\n"}), [QA, PRODUCTION]))

    assert [(one.path, one.line) for one in found] == [("templates/b.yaml", 2)]
    assert 'function "nope" not defined' in found[0].message


def test_a_schema_names_the_value(charts: HelmCharts, tmp_path: Path) -> None:
    """And what it should be."""
    where = chart(
        tmp_path, {"values.schema.json": '{"properties": {"db": {"properties": {"port": {"type": "integer"}}}}}'}
    )
    asked = Rendering(release_name="show", namespace="qa", set=(("db.port", Setting("x")),))
    found = errors(charts.lint(where, [asked]))

    assert {one.value for one in found} == {"db.port"}
    assert "got string, want integer" in found[0].message


def test_no_finding_names_a_folder_of_this_machine(charts: HelmCharts, needy: Path) -> None:
    """Nor asks for an icon."""
    told = [f"{one.path} {one.message}" for one in charts.lint(needy, [QA])]
    told += [f"{one.path} {one.message}" for one in charts.lint(needy)]

    assert not [text for text in told if "/tmp" in text or "slipway-chart-" in text or "icon" in text]


def test_a_setting_counts_like_a_value(charts: HelmCharts, tmp_path: Path) -> None:
    """Null, too."""
    where = chart(tmp_path, {"templates/b.yaml": "kind: X\nlevel: {{ .Values.debug.level.x }}\n"})
    without = Rendering(release_name="show", namespace="qa", set=(("debug.level", Setting("null", SettingKind.PLAIN)),))
    given = Rendering(release_name="show", namespace="qa", set=(("debug.level", Setting('{"x":1}', SettingKind.JSON)),))

    assert errors(charts.lint(where, [without])) != []
    assert errors(charts.lint(where, [given])) == []
