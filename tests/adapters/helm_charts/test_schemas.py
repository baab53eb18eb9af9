"""What a chart's schema leads to: nothing is fetched or read for it but the document itself."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.adapters.helm_charts import HelmCharts
from shared.ports.chart import Rendering
from shared.ports.errors import Permanent
from tests.adapters.helm_charts.servers import Asked, serving

ANY = Rendering(release_name="c", namespace="n")


def chart(folder: Path, schema: object, name: str = "c") -> Path:
    """A chart that has a schema."""
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(f"apiVersion: v2\nname: {name}\nversion: 0.1.0\n")
    (folder / "values.yaml").write_text("a: 1\n")
    (folder / "templates/a.yaml").write_text("kind: X\n")
    if schema is not None:
        (folder / "values.schema.json").write_text(schema if isinstance(schema, str) else json.dumps(schema))
    return folder


def packed(folder: Path, into: Path) -> Path:
    """A package made by nobody who looks into it."""
    with tarfile.open(into, "w:gz") as archive:
        archive.add(folder, folder.name)
    return into


def rendered(charts: HelmCharts, folder: Path) -> None:
    """Render it."""
    charts.render(folder, ANY)


def linted(charts: HelmCharts, folder: Path) -> None:
    """Lint it as it will be deployed."""
    charts.lint(folder, [ANY])


def packaged(charts: HelmCharts, folder: Path) -> None:
    """Package it."""
    charts.package(folder, version="1.0.0", app_version="1", into=folder.parent / "out")


EACH = pytest.mark.parametrize("work", [rendered, linted, packaged])


@pytest.fixture
def asked() -> Iterator[Asked]:
    """Somebody who would answer."""
    with serving(b'{"type": "object"}') as server:
        yield server


@EACH
@pytest.mark.parametrize(
    "schema",
    [
        '{"$ref": "AT/x"}',
        '{"$schema": "AT/x"}',
        '{"$schema": "https://json-schema.org/draft/2020-12/schema", "$dynamicRef": "AT/x"}',
        '{"$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveRef": "AT/x"}',
        '{"$id": "AT/x", "properties": {"a": {"$ref": "y"}}}',
        '{"properties": {"a": {"$id": "AT/x", "$schema": "AT/y"}}}',
        '{"\\u0024ref": "AT/x", "$ref": "#"}',
        '{"$ref": "AT/x", "$ref": "AT/y"}',
        '{"default": {"$ref": "AT/x"}, "properties": {"a": {"$ref": "#/default"}}}',
        '{"allOf": [{"$ref": "http://json-schema.org/draft-07/schema"}, {"$ref": "http://json-schema.org@AT/x"}]}',
    ],
)
def test_attack_a_schema_has_nothing_fetched(
    charts: HelmCharts, tmp_path: Path, asked: Asked, work: Callable[[HelmCharts, Path], None], schema: str
) -> None:
    """Attack: from inside our network; the reference is named, and nobody is asked."""
    folder = chart(tmp_path / "c", schema.replace("@AT", f"@{asked.host}").replace("AT", f"http://{asked.host}"))

    with pytest.raises(
        Permanent, match=r'c/values\.schema\.json: "\$(ref|schema|dynamicRef|recursiveRef)": ".*" leads out'
    ) as no:
        work(charts, folder)

    assert not no.value.ours
    assert asked.paths == []


@EACH
def test_attack_a_schema_has_no_file_read(
    charts: HelmCharts, tmp_path: Path, work: Callable[[HelmCharts, Path], None]
) -> None:
    """Attack: what a schema requires would be told of in what is wrong with a value."""
    secret = tmp_path / "secret.json"
    secret.write_text('{"enum": ["TOP-SECRET"]}')

    for reference in (f"file://{secret}", str(secret), "../secret.json"):
        folder = chart(tmp_path / reference[:5].strip("/."), {"properties": {"a": {"$ref": reference}}})
        with pytest.raises(Permanent, match="leads out of the document") as no:
            work(charts, folder)
        assert "TOP-SECRET" not in str(no.value)


@EACH
@pytest.mark.parametrize("how", ["folder", "package", "package in a package"])
def test_attack_a_chart_within_has_nothing_fetched(
    charts: HelmCharts, tmp_path: Path, asked: Asked, work: Callable[[HelmCharts, Path], None], how: str
) -> None:
    """Attack: a dependency's schema is looked at like the chart's own, also where it is packed."""
    folder = chart(tmp_path / "c", {"type": "object"})
    inner = chart(tmp_path / "d", {"$ref": f"http://{asked.host}/x"}, "d")
    (folder / "charts").mkdir()
    if how == "folder":
        inner.rename(folder / "charts/d")
    elif how == "package":
        packed(inner, folder / "charts/d-0.1.0.tgz")
    else:
        between = chart(tmp_path / "e", None, "e")
        (between / "charts").mkdir()
        packed(inner, between / "charts/d-0.1.0.tgz")
        packed(between, folder / "charts/e-0.1.0.tgz")

    with pytest.raises(Permanent, match=r'charts/d/values\.schema\.json: "\$ref": "http'):
        work(charts, folder)

    assert asked.paths == []


def test_attack_a_package_has_nothing_fetched(charts: HelmCharts, tmp_path: Path, asked: Asked) -> None:
    """Attack: what comes from a registry was perhaps not packaged here."""
    package = packed(chart(tmp_path / "c", {"$ref": f"http://{asked.host}/x"}), tmp_path / "c-0.1.0.tgz")

    with pytest.raises(Permanent, match="leads out of the document"):
        charts.render(package, ANY)

    assert asked.paths == []


@EACH
@pytest.mark.parametrize(
    "schema",
    [
        {"$schema": "http://json-schema.org/schema#", "type": "object"},
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.com/x.json", "type": "object"},
        {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"n": {"type": "integer"}}, "properties": {"a": {"$ref": "#/definitions/n"}}},
        {"properties": {"$ref": {"type": "string"}, "b": {"$ref": "http://json-schema.org/draft-07/schema#"}}},
        {"$defs": {"n": {"$anchor": "n", "type": "integer"}}, "properties": {"a": {"$ref": "#n"}}},
    ],
)  # fmt: skip
def test_a_schema_refers_to_itself_and_to_what_helm_has_built_in(
    charts: HelmCharts, tmp_path: Path, work: Callable[[HelmCharts, Path], None], schema: object
) -> None:
    """As most charts' do."""
    work(charts, chart(tmp_path / "c", schema))


@pytest.mark.parametrize(("schema", "problem"), [("{", "is no JSON"), ("[" * 100_000, "is nested too deep")])
def test_attack_a_schema_that_cannot_be_read_is_named(
    charts: HelmCharts, tmp_path: Path, schema: str, problem: str
) -> None:
    """Attack: it is the chart's fault, and says so."""
    with pytest.raises(Permanent, match=rf"c/values\.schema\.json {problem}"):
        rendered(charts, chart(tmp_path / "c", schema))
