"""The chart is checked as each environment would have it, before anything is pushed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.helm_charts import HelmCharts
from shared.domain.charts.hooks import Hooks
from shared.domain.values.artifact import PartKind
from shared.ports.builder import (
    NO_HANDLE,
    PACKAGE,
    VALIDATE_BRANCH,
    VALIDATE_PULL_REQUEST,
    BuildOutcome,
    BuildResult,
    Step,
    WouldBlock,
)
from shared.ports.errors import Transient
from tests.support.build_site import SAMPLE, Site
from tests.support.parts import pushed

CHART = "charts/delivery"
DEPLOYMENT = (SAMPLE / CHART / "templates/deployment.yaml").read_text()
DESCRIPTION = (SAMPLE / CHART / "Chart.yaml").read_text()
KINDS = [(PACKAGE, "1.0.2"), (VALIDATE_BRANCH, None), (VALIDATE_PULL_REQUEST, None)]
QUICK = "python -c \"print('1 passed in 0.1s')\""


class OutOfReach(HelmCharts):
    """Charts whose dependencies lie where nobody answers."""

    def package(self, chart: Path, *, version: str, app_version: str, into: Path, root: Path | None = None) -> Path:
        """See Charts."""
        raise Transient("dependencies of chart delivery: dial tcp: no such host")


def text_of(site: Site, result: BuildResult, step: Step) -> str:
    """What a step printed."""
    [found] = [one for one in result.steps if one.step is step]
    return site.evidence.get(found.output).decode()


@pytest.mark.parametrize(
    ("path", "content", "problem"),
    [
        (f"{CHART}/templates/oops.yaml", "kind: {{ .Values.nobody.wrote.this }}\n", "nil pointer"),
        (f"{CHART}/values-production.yaml", "replicas: [\n", f"{CHART}/values-production.yaml: "),
        (f"{CHART}/templates/oops.yaml", '{{ if eq .Release.Namespace "backend" }}{{ fail "not here" }}{{ end }}', "not here"),
        (f"{CHART}/Chart.yaml", "apiVersion: v2\nname: other\nversion: 1.0.0\n", "whose last part must be the chart's name; write name: delivery there"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("steps", "version"), KINDS)
def test_what_fails_a_release_fails_a_validation(
    site: Site, path: str, content: str, problem: str, steps: tuple[Step, ...], version: str | None
) -> None:
    """In the same step, and nothing is pushed: a mended commit takes the version."""
    result = site.build(site.order({path: content}, steps=steps, version=version, test=QUICK))

    assert (result.outcome, result.steps[-1].step) == (BuildOutcome.FAILED, Step.CHART), result.reason
    assert problem in result.reason
    assert site.registry_is_empty()


def test_a_mended_commit_takes_the_version(site: Site) -> None:
    """The one before it left nothing behind."""
    broken = f"{CHART}/templates/oops.yaml"
    site.build(site.order({broken: "kind: {{ .Values.nobody.wrote.this }}\n"}, test=QUICK))

    result = site.build(site.order({broken: None}, id="monorepo~delivery:2:build:1", test=QUICK))

    assert result.outcome is BuildOutcome.SUCCEEDED, result.reason


def test_a_build_says_which_environment_would_keep_it_out(site: Site) -> None:
    """It succeeds: the gate of that environment judges, and people may let it pass there."""
    rooted = DEPLOYMENT.replace("runAsNonRoot: true", 'runAsNonRoot: {{ ne .Release.Namespace "backend" }}')
    assert rooted != DEPLOYMENT

    result = site.build(site.order({f"{CHART}/templates/deployment.yaml": rooted}, test=QUICK))

    assert result.outcome is BuildOutcome.SUCCEEDED, result.reason
    [found] = result.would_block
    assert found.environment == "production"
    assert "runAsNonRoot" in found.reason


@pytest.mark.parametrize(
    ("dockerfile", "problems"),
    [
        ("FROM scratch\nUSER 0\n", ["the image's own user is root"] * 2),
        ("FROM scratch\nUSER 7\n", []),
        ("FROM a\nUSER $APP_UID\n", []),
    ],
)
def test_the_images_user_is_told_where_the_chart_sets_none(site: Site, dockerfile: str, problems: list[str]) -> None:
    """Of one that only the base image knows nothing is said."""
    lines = [line for line in DEPLOYMENT.splitlines() if "runAsUser" not in line]
    files = {f"{CHART}/templates/deployment.yaml": "\n".join(lines), "src/shipping/delivery/Dockerfile": dockerfile}

    result = site.build(site.order(files, test=QUICK))

    assert result.outcome is BuildOutcome.SUCCEEDED, result.reason
    assert len(result.would_block) == len(problems)
    assert all(problem in one.reason for problem, one in zip(problems, result.would_block, strict=True))


def test_a_hook_that_nobody_runs_is_told(site: Site) -> None:
    """By what the environment's file says of who applies manifests."""
    hook = DEPLOYMENT.replace("  annotations:\n", "  annotations:\n    helm.sh/hook: post-install\n", 1)
    order = site.order({f"{CHART}/templates/hook.yaml": hook}, test=QUICK, steps=VALIDATE_BRANCH, version=None)
    nobody = tuple(replace(one, hooks=Hooks.NONE) for one in order.environments)

    result = site.build(replace(order, environments=nobody))

    assert [one.environment for one in result.would_block] == ["qa", "production"]


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("# +argocd:skip-file-rendering\nkind: ConfigMap\n", "with which Argo CD leaves out all of them"),
        (
            "kind: ConfigMap\ndata: {a: b}\ndata: {a: c}\n",
            "templates/more.yaml, line 3 as rendered: holds the key data twice",
        ),
    ],
)
def test_what_others_would_see_otherwise_is_told(site: Site, more: str, problem: str) -> None:
    """Before it is merged, for each environment."""
    order = site.order({f"{CHART}/templates/more.yaml": more}, test=QUICK, steps=VALIDATE_BRANCH, version=None)

    result = site.build(order)

    assert [one.environment for one in result.would_block] == ["qa", "production"]
    assert all(problem in one.reason for one in result.would_block)


def test_a_dependency_out_of_reach_is_nobodys_fault(site: Site) -> None:
    """The build is tried again, and not failed."""
    order = site.order(test=QUICK)
    site.charts = OutOfReach()

    with pytest.raises(Transient, match="no such host"):
        site.builder().build(order, NO_HANDLE)

    site.charts = HelmCharts()
    assert site.build(order).outcome is BuildOutcome.SUCCEEDED


def test_attack_a_reason_of_any_length_and_any_bytes(site: Site) -> None:
    """A template may fail with what it likes; what is kept beside the release is short, and text."""
    said = '{{ fail (repeat 100000 "x") }}'

    result = site.build(site.order({f"{CHART}/templates/oops.yaml": said}, test=QUICK))

    assert result.outcome is BuildOutcome.FAILED
    assert len(result.reason) < 2000


def test_a_sample_that_is_in_order_would_be_let_in_everywhere(site: Site) -> None:
    """Also with a digest of nothing, in a validation."""
    result = site.build(site.order(steps=VALIDATE_BRANCH, version=None, test=QUICK))

    assert (result.outcome, result.would_block) == (BuildOutcome.SUCCEEDED, ())


def test_the_text_as_rendered_can_be_read(site: Site) -> None:
    """With stand-ins where it is checked, with what was pushed where it is pushed; of a step that failed, too."""
    good = site.build(site.order(test=QUICK))
    checked, last = (text_of(site, good, step) for step in (Step.CHART, Step.PUSH_CHART))

    assert "# As rendered for production, namespace backend:" in checked
    assert f"/prod/delivery:v0.0.0-check@sha256:{'0' * 64}" in checked
    assert f"/prod/delivery:v1.0.2@{pushed(good, PartKind.IMAGE)}" in last

    bad = {f"{CHART}/templates/oops.yaml": '{{ if eq .Release.Namespace "backend" }}{{ fail "not here" }}{{ end }}'}
    failed = site.build(site.order(bad, id="monorepo~delivery:2:build:1", test=QUICK))

    assert "# As rendered for qa, namespace backend-qa:" in site.output(failed)


def test_what_is_printed_is_bounded(site: Site) -> None:
    """A chart may render to far more than anybody reads."""
    much = 'kind: ConfigMap\napiVersion: v1\nmetadata: {name: much}\ndata: {x: {{ repeat 3000000 "y" }}}\n'

    result = site.build(site.order({f"{CHART}/templates/much.yaml": much}, test=QUICK))

    assert result.outcome is BuildOutcome.SUCCEEDED, result.reason
    text = text_of(site, result, Step.CHART)
    assert len(text) < 5 << 20
    assert "[the rest was left out]" in text


def test_a_long_reason_is_cut(site: Site) -> None:
    """It is kept with the release and said on the commit."""
    long = (
        DEPLOYMENT.replace("runAsNonRoot: true", "runAsNonRoot: false")
        + f"---\nkind: Job\nmetadata: {{name: {'x' * 900}}}\n"
    )
    files = {f"{CHART}/templates/deployment.yaml": long}

    result = site.build(site.order(files, test=QUICK, steps=VALIDATE_BRANCH, version=None))

    assert result.would_block
    assert all(len(one.reason) < 400 for one in result.would_block)


@pytest.mark.parametrize(
    ("path", "step"),
    [
        ("src/shipping/delivery/data.bin", Step.UNIT_TESTS),
        ("docker/big", Step.IMAGE),
        (f"{CHART}/x.tgz", Step.CHART),
        (f"{CHART}/values-qa.yaml", Step.CHART),
        ("charts/beside/templates/x.yaml", Step.CHART),
    ],
)
def test_a_pointer_of_git_lfs_in_what_is_used_fails_the_step_that_uses_it(site: Site, path: str, step: Step) -> None:
    """The file itself is not there to be built."""
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"

    files = {
        "docker/x": "x",
        "charts/beside/Chart.yaml": "apiVersion: v2\nname: beside\nversion: 1.0.0\n",
        f"{CHART}/Chart.yaml": f"{DESCRIPTION}dependencies: [{{name: beside, version: 1.0.0, repository: file://../beside}}]\n",
        path: pointer,
    }

    result = site.build(site.order(files, test=QUICK, context="docker"))

    assert (result.outcome, result.steps[-1].step) == (BuildOutcome.FAILED, step), result.reason
    assert f"{path} is a pointer of Git LFS, not the file" in result.reason
    assert site.registry_is_empty()


def test_of_what_a_chart_depends_on_twice_the_last_is_taken_as_helm_takes_it(site: Site) -> None:
    """What is copied for the packaging is what Helm looks for."""
    files = {
        "charts/beside/Chart.yaml": "apiVersion: v2\nname: beside\nversion: 1.0.0\n",
        f"{CHART}/Chart.yaml": f"{DESCRIPTION}dependencies: []\ndependencies: [{{name: beside, version: 1.0.0, repository: file://../beside}}]\n",
    }

    result = site.build(site.order(files, test=QUICK, steps=VALIDATE_BRANCH, version=None))

    assert result.outcome is BuildOutcome.SUCCEEDED, result.reason


def test_another_dockerfile_and_context_are_what_is_built_from(site: Site, tmp_path: Path) -> None:
    """By the paths that slipway.yaml gives."""
    files = {"docker/Dockerfile": "FROM scratch\nUSER 7\n", "docker/x": "x"}

    result = site.build(site.order(files, test=QUICK, context="docker", dockerfile="docker/Dockerfile"))

    assert result.outcome is BuildOutcome.SUCCEEDED, result.reason
    assert text_of(site, result, Step.IMAGE).startswith("packed docker into one layer of ")
    assert text_of(site, result, Step.IMAGE).endswith("user 7\n")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"context": "nowhere"}, "there is no folder nowhere at this commit; correct build.context"),
        ({"dockerfile": "nowhere/Dockerfile"}, "there is no nowhere/Dockerfile at this commit"),
    ],
)
def test_a_place_that_the_commit_does_not_have_fails_the_image(
    site: Site, fields: dict[str, Any], problem: str
) -> None:
    """The default branch had it."""
    result = site.build(site.order(test=QUICK, **fields))

    assert result.steps[-1].step is Step.IMAGE
    assert problem in result.reason


def test_would_block_is_kept_with_a_finished_build(site: Site) -> None:
    """Whoever asks again is told the same."""
    rooted = DEPLOYMENT.replace("runAsNonRoot: true", "runAsNonRoot: false")
    order = site.order({f"{CHART}/templates/deployment.yaml": rooted}, test=QUICK)
    first = site.build(order)

    assert [type(one) for one in first.would_block] == [WouldBlock, WouldBlock]
    assert site.build(order) == first
