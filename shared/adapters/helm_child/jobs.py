"""What a child is asked to do with a chart. Each job takes and returns plain data."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import helm_python as helm

from shared.adapters.helm_child.documents import documents, fields
from shared.adapters.helm_child.hooks import without_tests
from shared.adapters.helm_child.schemas import check
from shared.domain.policies.setting import put

_THERE = frozenset({"ok", "unpacked"})


def render(
    chart: str, values: Sequence[Sequence[str]], settings: Sequence[Sequence[str]], name: str, namespace: str
) -> dict[str, Any]:
    """Render a package or a complete folder: its definitions, and the rest by the templates' names, without test hooks."""
    check(chart)
    with helm.Chart.load(chart) as loaded:
        rendered = loaded.render(merged(values, settings), name=name, namespace=namespace)
        files = {each: without_tests(text) for each, text in rendered.items()}
        definitions = [[one["name"], one["data"]] for one in loaded.crds]
    return {"files": files, "definitions": definitions}


def lint(
    chart: str, values: Sequence[Sequence[str]] = (), settings: Sequence[Sequence[str]] = (), namespace: str = ""
) -> list[dict[str, Any]]:
    """Lint a complete folder, with its own values alone where there are no others."""
    # Of a folder that is no chart, lint itself says why; it looks at no other chart's schema then.
    with contextlib.suppress(helm.HelmChartLoadError):
        check(chart)
    report = helm.lint(chart, merged(values, settings), namespace=namespace or None)
    return list(report["messages"])


def package(chart: str, destination: str, version: str, app_version: str) -> str:
    """Package a complete folder; return where the package lies."""
    check(chart)
    return helm.package(chart, destination=destination, version=version, app_version=app_version)


def look(chart: str) -> dict[str, Any]:
    """Say what a folder or a package is, as Helm reads it: Chart.yaml, and requirements.yaml where there is one."""
    with helm.Chart.load(chart) as loaded:
        return loaded.metadata


def read(text: str) -> dict[str, Any]:
    """Read one YAML document that holds keys and values."""
    return fields(text)


def parse(text: str) -> dict[str, Any]:
    """Read manifests: the objects, and what is wrong with documents that are none, each with its line."""
    return documents(text)


def missing(chart: str) -> list[str]:
    """Name the dependencies that have to be fetched."""
    return [one["name"] for one in helm.dependency_list(chart) if one["status"] not in _THERE]


def fetch(chart: str, plain_http: bool) -> None:
    """Fetch what a folder depends on: what Chart.lock pins where there is one, else what Chart.yaml asks for."""
    helm.dependency_build(chart, plain_http=plain_http)


def addresses(repository: str, chart: str, version: str) -> list[str]:
    """Say where a repository's index has a version of a chart, or all where the version is a range."""
    entries = (helm.repo_index(repository).get("entries") or {}).get(chart) or ()
    exact = [one for one in entries if one.get("version") == version]
    return sorted({address for one in exact or entries for address in one.get("urls") or ()})


def newest(constraint: str, versions: Sequence[str]) -> str | None:
    """Say which version Helm would take of those given, the newest first; None where none fits."""
    with TemporaryDirectory(prefix="slipway-version-") as scratch:
        inner = Path(scratch, "charts/asked")
        inner.mkdir(parents=True)
        asked = {"name": "asked", "version": constraint, "repository": "oci://registry.invalid"}
        about = {"apiVersion": "v2", "name": "asking", "version": "0.1.0", "dependencies": [asked]}
        Path(scratch, "Chart.yaml").write_text(json.dumps(about))
        for version in versions:
            (inner / "Chart.yaml").write_text(json.dumps({"apiVersion": "v2", "name": "asked", "version": version}))
            if helm.dependency_list(scratch)[0]["status"] in _THERE:
                return version
    return None


JOBS: dict[str, Callable[..., Any]] = {
    job.__name__: job for job in (render, lint, package, look, read, parse, missing, fetch, addresses, newest)
}


def merged(files: Sequence[Sequence[str]], settings: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Put values files over each other, and single settings over them."""
    values: dict[str, Any] = {}
    for name, text in files:
        try:
            values = _over(values, fields(text))
        except helm.HelmError as error:
            raise ValuesUnfit(f"{name}: {error.detail}") from error
    for key, text, kind in settings:
        put(values, key, text if kind == "text" else json.loads(text) if kind == "json" else _plain(text))
    return values


class ValuesUnfit(Exception):
    """A values file that cannot be read."""


def _plain(text: str) -> object:
    return fields(f"value: {text}").get("value")


def _over(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        result[key] = _over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result
