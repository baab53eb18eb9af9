"""Test hooks, such as the pod that `helm create` writes, are neither judged nor deployed; other hooks are."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.adapters.helm_charts import HelmCharts
from shared.ports.chart import Rendering

KEPT = "kind: ConfigMap\nmetadata: {name: kept}\ndata: {a: '# ---'}\n"


def rendered(charts: HelmCharts, folder: Path, template: str) -> str:
    """What a chart of one template renders to, without the line that names the template."""
    chart = folder / "c"
    (chart / "templates/tests").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: c\nversion: 0.1.0\n")
    (chart / "templates/tests/x.yaml").write_text(template)
    text = charts.render(chart, Rendering(release_name="c", namespace="n")).decode()
    return text.replace("---\n# Source: c/templates/tests/x.yaml\n", "", 1)


def hook(said: str, name: str = "hooked") -> str:
    """An object with the annotation."""
    return f"kind: Pod\nmetadata:\n  name: {name}\n  annotations:\n    helm.sh/hook: {said}\n"


@pytest.mark.parametrize("said", ["test", "test-success", "test-failure", "'test, test-success'", '" TEST "'])
def test_a_test_hook_is_left_out(charts: HelmCharts, tmp_path: Path, said: str) -> None:
    """Nobody calls `helm test` here."""
    assert rendered(charts, tmp_path, hook(said)) == ""


@pytest.mark.parametrize("said", ["pre-install", "post-install,post-upgrade", "'test,post-install'", "testing", "''"])
def test_every_other_hook_stays(charts: HelmCharts, tmp_path: Path, said: str) -> None:
    """Also one that runs for tests among other things: Argo CD runs it."""
    assert rendered(charts, tmp_path, hook(said)) == hook(said)


@pytest.mark.parametrize(
    ("template", "left"),
    [
        (f"{hook('test')}---\n{KEPT}", f"---\n{KEPT}"),
        (f"{KEPT}---\n{hook('test')}", KEPT),
        (f"{KEPT}--- # one\n{hook('test')}---\n{hook('pre-install')}", f"{KEPT}---\n{hook('pre-install')}"),
        (f"---\n{hook('test')}---\n{hook('test', 'b')}", ""),
        (f"{KEPT}---\n\ufeff{hook('test')}", KEPT),
        (f"{KEPT}--- # one\r\n\n\ufeff{hook('test')}---\n{KEPT}", f"{KEPT}---\n{KEPT}"),
        ('{{ "\\ufeff" }}' + f"{hook('test')}---\n{KEPT}", f"---\n{KEPT}"),
    ],
)
def test_of_a_template_with_several_documents_only_the_tests_go(
    charts: HelmCharts, tmp_path: Path, template: str, left: str
) -> None:
    """No byte of the others changes."""
    assert rendered(charts, tmp_path, template) == left


@pytest.mark.parametrize(
    "template",
    [
        f"{KEPT}---kind: Odd\n{hook('test')}",
        f"{KEPT}# helm.sh/hook: test\n",
        "kind: Pod\nmetadata: {annotations: {helm.sh/hook: test\n",
        "kind: Pod\nmetadata: [helm.sh/hook, test]\n",
        "kind: Pod\nmetadata: {annotations: [helm.sh/hook, test]}\n",
        "kind: Pod\nmetadata: {annotations: {helm.sh/hook: [test]}}\n",
        f"{hook('test')}...\n{KEPT}",
        f"{hook('test')}    helm.sh/hook: pre-install\n    helm.sh/hook: test\n",
        f"{hook('test')}    argocd.argoproj.io/hook: PostSync\n",
        "kind: List\nitems:\n- metadata: {annotations: {helm.sh/hook: test}}\n",
    ],
)
def test_attack_nothing_is_left_out_that_others_might_read_otherwise(
    charts: HelmCharts, tmp_path: Path, template: str
) -> None:
    """Attack: what looks like a test hook here and runs there; it stays, and is judged."""
    assert rendered(charts, tmp_path, template) == template
