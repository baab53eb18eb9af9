"""A chart that can render nothing but one text: Helm renders once more when it applies, and a template may draw lots, or look at
the revision's number, what is there, or the clock. So what was compared with what people approved is what Helm is given.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from typing import Any

import helm_python as helm

_ACTION = "{{"
_TEMPLATES = "templates/"


def frozen(chart: helm.Chart, rendered: Mapping[str, str]) -> helm.Chart:
    """Return the same chart with what it rendered in place of its templates, those of subcharts among its own."""
    about: dict[str, Any] = {key: value for key, value in chart.metadata.items() if key != "dependencies"}
    files = {
        "Chart.yaml": json.dumps({**about, "apiVersion": "v2"}),
        "values.yaml": json.dumps(chart.values),
        **{f"crds/{number:05}.yaml": one["data"] for number, one in enumerate(chart.crds)},
    }
    for name, text in rendered.items():
        # Of a subchart: name/charts/other/templates/file.
        within = name.partition("/")[2]
        place = within if within.startswith(_TEMPLATES) else f"{_TEMPLATES}{within}"
        if place in files:
            raise ValueError(f"{name} has the name of another template; rename it")
        files[place] = verbatim(text)
    return helm.Chart.load_archive(_packed(chart.name, files))


def verbatim(text: str) -> str:
    """Return a template that renders a text as it is."""
    return text.replace(_ACTION, '{{"{{"}}')


def _packed(name: str, files: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        for path, text in files.items():
            content = text.encode()
            member = tarfile.TarInfo(f"{name}/{path}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()
