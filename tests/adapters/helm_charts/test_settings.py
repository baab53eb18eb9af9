"""What slipway.yaml sets reaches the chart with the meaning that Helm's reader of values files gives it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.helm_charts import HelmCharts
from shared.domain.policies.setting import Setting, SettingKind, as_json
from shared.inbound.slipway_yaml.models import Environment
from shared.inbound.slipway_yaml.settings import _WORDS
from shared.ports.chart import Rendering
from shared.ports.errors import Permanent

CHART = {
    "Chart.yaml": "apiVersion: v2\nname: show\nversion: 1.0.0\n",
    "values.yaml": "debug: {enabled: true, level: 1}\nhosts: [{name: a}]\nreplicas: 1\n",
    "templates/a.yaml": "kind: Shown\nvalues: {{ toJson .Values }}\n",
}


def chart(folder: Path, files: Mapping[str, str]) -> Path:
    """A chart with these files beside those that show its values."""
    for name, text in {**CHART, **files}.items():
        (folder / "show" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "show" / name).write_text(text)
    return folder / "show"


def rendered(
    charts: HelmCharts, where: Path, settings: Mapping[str, Setting | str], *values: bytes
) -> list[Mapping[str, Any]]:
    """The objects that come of a chart."""
    asked = Rendering(release_name="r", namespace="n", values=values, set=tuple(settings.items()))
    return list(charts.parse(charts.render(where, asked)))


def shown(charts: HelmCharts, where: Path, settings: Mapping[str, Setting | str], *values: bytes) -> Any:
    """The values as the chart sees them."""
    [found] = [one["values"] for one in rendered(charts, where, settings, *values) if one["kind"] == "Shown"]
    return found


@pytest.mark.parametrize("word", [*_WORDS, "3", "-3", "0.5", "9007199254740992"])
def test_a_plain_value_means_what_helm_makes_of_it(charts: HelmCharts, tmp_path: Path, word: str) -> None:
    """In a list and by itself; the words that slipway.yaml knows are Helm's own."""
    value = _WORDS[word] if word in _WORDS else json.loads(word)
    settings = {"a.b": Setting(word, SettingKind.PLAIN), "list": Setting(as_json([value]), SettingKind.JSON)}
    found = shown(charts, chart(tmp_path, {}), settings, b"from: " + word.encode())

    assert found.get("a", {}).get("b") == found.get("from")
    assert found["list"] == [found.get("from")]


@pytest.mark.parametrize(("written", "kind"), [(False, "DebugIsOff"), ("false", "DebugIsOn"), (True, "DebugIsOn")])
def test_false_switches_off_and_a_text_does_not(charts: HelmCharts, tmp_path: Path, written: object, kind: str) -> None:
    """As in a values file, where a text that is not empty is true."""
    template = "{{ if .Values.debug.enabled }}kind: DebugIsOn{{ else }}kind: DebugIsOff{{ end }}\n"
    made = Environment.model_validate({"set": {"debug.enabled": written}}).set

    assert made is not None
    assert {"kind": kind} in rendered(charts, chart(tmp_path, {"templates/b.yaml": template}), made)


def test_a_number_passes_a_schema(charts: HelmCharts, tmp_path: Path) -> None:
    """Where a text would not."""
    where = chart(tmp_path, {"values.schema.json": '{"properties": {"replicas": {"type": "integer"}}}'})

    assert shown(charts, where, {"replicas": Setting("3", SettingKind.PLAIN)})["replicas"] == 3
    with pytest.raises(Permanent, match=r"/replicas.*got string, want integer"):
        shown(charts, where, {"replicas": "3"})


def test_a_null_takes_a_default_out(charts: HelmCharts, tmp_path: Path) -> None:
    """A single value, or all that is below a key."""
    found = shown(
        charts,
        chart(tmp_path, {}),
        {"debug.level": Setting("null", SettingKind.PLAIN), "hosts": Setting("~", SettingKind.PLAIN)},
    )

    assert found == {"debug": {"enabled": True}, "replicas": 1}


def test_a_key_reaches_into_lists_as_with_helm_set(charts: HelmCharts, tmp_path: Path) -> None:
    """Into those of the values files; the chart's own list is replaced, as a list always is."""
    where, settings = chart(tmp_path, {}), {"hosts[1].name": "c", r"labels.example\.com/a": "x"}

    assert shown(charts, where, settings)["hosts"] == [None, {"name": "c"}]
    assert shown(charts, where, settings, b"hosts: [{name: b}, {name: x, port: 1}]")["hosts"] == [
        {"name": "b"},
        {"name": "c", "port": 1},
    ]
    assert shown(charts, where, settings)["labels"] == {"example.com/a": "x"}


def test_lists_and_objects_are_set_whole(charts: HelmCharts, tmp_path: Path) -> None:
    """Beside what later keys put into them."""
    settings = {"a": Setting('{"b":[1,"x"]}', SettingKind.JSON), "a.d": Setting("y")}

    assert shown(charts, chart(tmp_path, {}), settings)["a"] == {"b": [1, "x"], "d": "y"}


def test_a_key_through_another_value_is_the_charts_fault(charts: HelmCharts, tmp_path: Path) -> None:
    """The key and the place are named."""
    with pytest.raises(Permanent, match=r"'a\.b' needs keys and values at a") as refused:
        shown(charts, chart(tmp_path, {}), {"a.b": "x"}, b"a: text")

    assert not refused.value.ours


@pytest.mark.parametrize(
    ("settings", "values", "kinds"),
    [
        ({}, b"", {"Shown", "Tagged"}),
        ({"sub.enabled": Setting("true", SettingKind.PLAIN)}, b"", {"Shown", "Tagged", "Sub"}),
        ({}, b"sub: {enabled: true}", {"Shown", "Tagged", "Sub"}),
        ({"sub.enabled": Setting("no", SettingKind.PLAIN)}, b"sub: {enabled: true}", {"Shown", "Tagged"}),
        ({"tags.extra": Setting("false", SettingKind.PLAIN)}, b"", {"Shown"}),
    ],
)
def test_conditions_and_tags_of_subcharts_see_what_is_set(
    charts: HelmCharts, tmp_path: Path, settings: Mapping[str, Setting], values: bytes, kinds: set[str]
) -> None:
    """And what stands in values files."""
    depends = "dependencies:\n- {name: sub, version: 1.0.0, condition: sub.enabled}\n- {name: tagged, version: 1.0.0, tags: [extra]}\n"
    files = {"Chart.yaml": CHART["Chart.yaml"] + depends, "values.yaml": "sub: {enabled: false}\n"}
    for name in ("sub", "tagged"):
        files[f"charts/{name}/Chart.yaml"] = f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n"
        files[f"charts/{name}/templates/a.yaml"] = f"kind: {name.title()}\n"

    assert {one["kind"] for one in rendered(charts, chart(tmp_path, files), settings, values)} == kinds
