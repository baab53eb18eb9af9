"""Values in, manifests out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shared.adapters.helm_charts.faults import faults
from shared.domain.errors import InvalidValue
from shared.domain.setting import Kind, Setting, put
from shared.ports.chart import Rendering
from shared.ports.errors import Permanent

_SOURCE = "# Source: "


def render(chart: Path, rendering: Rendering) -> bytes:
    """Render a package or a complete folder, custom resource definitions first, in an order that never changes."""
    import helm_python as helm

    with (
        faults(f"rendering of {chart.name} for {rendering.namespace}"),
        helm.Chart.load(str(chart)) as loaded,
    ):
        files = loaded.render(_values(rendering), name=rendering.release_name, namespace=rendering.namespace)
        definitions = [(str(each["name"]), str(each["data"])) for each in loaded.crds]
    shown = [(name, text) for name, text in sorted(files.items()) if not name.endswith("/NOTES.txt")]
    pieces = [f"---\n{_SOURCE}{name}\n{text.strip()}\n" for name, text in [*definitions, *shown] if text.strip()]
    return "".join(pieces).encode()


def read(manifests: bytes) -> Sequence[Mapping[str, object]]:
    """Read manifests; raise Permanent naming the template and line of what is no manifest."""
    import yaml

    class Loader(yaml.SafeLoader):
        """Kubernetes knows no dates: what looks like one is a text."""

        yaml_implicit_resolvers = {  # noqa: RUF012 (the name and shape are PyYAML's)
            first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    found: list[Mapping[str, object]] = []
    try:
        for document in yaml.load_all(manifests, Loader):
            if document is None:
                continue
            if not isinstance(document, dict):
                raise Permanent(f"a rendered manifest is {type(document).__name__} and not an object: {document!r:.80}")
            found.append(document)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line if error.problem_mark is not None else 0
        raise Permanent(f"{_place(manifests, line)}: {error.problem}; correct the template") from error
    except yaml.YAMLError as error:
        raise Permanent(f"rendered manifests are no YAML: {error}") from error
    return found


def _place(manifests: bytes, line: int) -> str:
    lines = manifests.decode(errors="replace").splitlines()[: line + 1]
    for number in range(len(lines) - 1, -1, -1):
        if lines[number].startswith(_SOURCE):
            return f"{lines[number].removeprefix(_SOURCE)}, line {line - number} as rendered"
    return f"rendered manifests, line {line + 1}"


def _values(rendering: Rendering) -> dict[str, Any]:
    import helm_python as helm

    values: dict[str, Any] = {}
    for number, content in enumerate(rendering.values, start=1):
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            raise Permanent(f"values file {number} is not UTF-8: {error}; save it as UTF-8") from error
        # Helm's own reader: Go's YAML and Python's differ in what is a number or a truth value.
        values = _merged(values, helm.values_from_yaml(text))
    for key, setting in rendering.settings.items():
        try:
            put(values, key, _value(setting))
        except InvalidValue as error:
            raise Permanent(f"set of slipway.yaml: {error.problem}; correct the key or the values files") from error
    return values


def _value(setting: Setting) -> Any:
    import helm_python as helm

    if setting.kind is Kind.TEXT:
        return setting.text
    if setting.kind is Kind.JSON:
        return json.loads(setting.text)
    return helm.values_from_yaml(f"value: {setting.text}")["value"]


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        result[key] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result
