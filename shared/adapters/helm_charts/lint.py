"""Lint of a chart as it will be deployed: with the values and settings of each environment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from shared.adapters.helm_charts.children import Children
from shared.adapters.helm_charts.manifests import given
from shared.ports.chart import LintFinding, Rendering
from shared.ports.errors import Permanent

_SEVERITIES = {1: "info", 2: "warning", 3: "error"}
# `<chart>/templates/a.yaml:3:14` as Helm's template engine names places, the last of a message being the innermost.
_PLACE = re.compile(r"([^\s()\[\]\"']+/templates/[^\s:()\"']+):(\d+)")
_VALUE = re.compile(r"<[^<>]{0,200}?\.Values\.([^\s<>()]{1,200})[^<>]*>")
_SCHEMA = re.compile(r"at '/([^'\s]{1,200})': ")


def found(children: Children, chart: Path, renderings: Sequence[Rendering]) -> list[LintFinding]:
    """Lint a complete folder; each finding once, however many renderings show it."""
    seen: dict[LintFinding, None] = {}
    for rendering in renderings or (None,):
        asked = {"namespace": rendering.namespace, **given(rendering)} if rendering else {}
        found = children.ask(f"lint of chart {chart.name}", "lint", chart=str(chart), **asked)
        seen.update(dict.fromkeys(_findings(found, chart)))
    return list(seen)


def _findings(found: object, chart: Path) -> Iterator[LintFinding]:
    if not isinstance(found, list):
        raise Permanent(f"lint of chart {chart.name}: what came is no list of findings")
    for each in found:
        if isinstance(each, dict) and "icon is recommended" not in str(each.get("error")):
            yield _finding(_SEVERITIES.get(each.get("severity") or 0, "info"), each, chart)


def _finding(severity: str, each: dict[str, Any], chart: Path) -> LintFinding:
    path = str(each.get("path", "")).removeprefix(str(chart)).lstrip("/")
    message = " ".join(str(each.get("error", "")).replace(f"{chart}/", "").split())[:2000]
    places = _PLACE.findall(message)
    value, advice = _cause(message)
    if places:
        path = places[-1][0].removeprefix(f"{chart.name}/")
    return LintFinding(
        severity=severity,
        path=path,
        message=f"{message}; {advice}" if advice else message,
        line=int(places[-1][1]) if places else 0,
        value=value,
    )


def _cause(message: str) -> tuple[str, str]:
    """Name the value that is to blame and say what to write, where the message shows it."""
    schema = _SCHEMA.search(message)
    if schema is not None:
        return schema[1].replace("/", "."), "correct it in the values, or the chart's values.schema.json"
    named = _VALUE.findall(message)
    if not named:
        return "", ""
    if "nil" in message:
        written = f"write {named[-1]}: in values.yaml or in the environment's values file"
        return named[-1], f"{written}, or guard it with `if` or `default`"
    return named[-1], f"look at {named[-1]} in the values"
