"""Values in, manifests out, both by a child."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shared.adapters.helm_charts.children import Children
from shared.adapters.helm_child.composed import SOURCE, composed
from shared.ports.chart import Rendering, UnreadManifests
from shared.ports.errors import Permanent


def render(children: Children, chart: Path, rendering: Rendering) -> bytes:
    """Render a package or a complete folder, custom resource definitions first, in an order that never changes."""
    doing = f"rendering of {chart.name} for {rendering.namespace}"
    asked = {"name": rendering.release_name, "namespace": rendering.namespace, **given(rendering)}
    found = children.ask(doing, "render", chart=str(chart), **asked)
    try:
        definitions = [(str(name), str(text)) for name, text in found["definitions"]]
        files = {str(name): str(text) for name, text in found["files"].items()}
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise Permanent(f"{doing}: what came is no manifests; correct the chart") from error
    return composed(definitions, files).encode(errors="replace")


def given(rendering: Rendering) -> dict[str, Any]:
    """Write values and settings as a child takes them."""
    return {
        "values": [(name, _text(name, content)) for name, content in rendering.named_values],
        "settings": [(key, setting.text, setting.kind) for key, setting in rendering.settings.items()],
    }


def read(children: Children, manifests: bytes) -> Sequence[Mapping[str, object]]:
    """Read manifests; raise UnreadManifests naming template and line of what cannot be judged."""
    try:
        text = manifests.decode()
    except UnicodeDecodeError as error:
        line = manifests.count(b"\n", 0, error.start)
        raise UnreadManifests([(_place(manifests, line), "is not UTF-8")]) from error
    found = children.ask("reading of manifests", "parse", text=text)
    try:
        objects = [dict(one) for one in found["objects"]]
        faults = [(_place(manifests, int(line) - 1), str(problem)) for line, problem in found["faults"]]
        odd = [(_place(manifests, int(line) - 1), str(problem)) for line, problem in found["odd"]]
    except (TypeError, ValueError, KeyError) as error:
        raise UnreadManifests([("rendered manifests", "cannot be read")]) from error
    if faults or odd:
        raise UnreadManifests([*faults, *odd], objects, whole=not faults)
    return objects


def _place(manifests: bytes, line: int) -> str:
    # The mark of a document may follow its dashes.
    lines = manifests.decode(errors="replace").split("\n")[: line + 2]
    for number in range(len(lines) - 1, -1, -1):
        if lines[number].startswith(SOURCE):
            return f"{lines[number].removeprefix(SOURCE)}, line {max(line - number, 1)} as rendered"
    return f"rendered manifests, line {line + 1}"


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise Permanent(f"{name} is not UTF-8: {error}; save it as UTF-8") from error
