"""Manifests: rendered as the environment gets them, checked, and kept before anything refers to them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from shared.app.performing.rendering import _render
from shared.domain.state.promotion import Rendered
from shared.domain.values.records import replace
from shared.ports.chart import Rendering
from shared.ports.errors import Permanent, Transient
from tests.support.app_parts import Harness, branch


def rendered(slipway: Harness, version: str, environment: str) -> Rendered:
    """What was rendered for a promotion."""
    found = slipway.promotion(version, environment).rendered
    assert found is not None
    return found


def test_manifests_are_kept_before_anything_refers_to_them(slipway: Harness) -> None:
    """What is deployed is what was checked."""
    slipway.release_to("1.0.0", approve=False)
    found = rendered(slipway, "1.0.0", "qa")
    manifests = slipway.app.evidence.get(found.manifests)

    assert found.findings == ()
    assert slipway.running("qa").manifests == manifests
    assert json.loads(manifests)["metadata"]["namespace"] == "backend-qa"


def test_values_are_those_of_the_released_commit(slipway: Harness) -> None:
    """A file that is not there is skipped."""
    slipway.push(branch("1.0.0"), {"charts/delivery/values-qa.yaml": b"replicas: 7\n"})
    slipway.pump()
    qa, production = (
        json.loads(slipway.app.evidence.get(rendered(slipway, "1.0.0", name).manifests))["metadata"]["annotations"]
        for name in ("qa", "production")
    )

    # SHA-256 of the one file, and of none.
    assert qa["values"] == "88077d020100ed2c8f9575fd5dfcaf0ec794e0021fd2a504fdf60608a6d0299e"
    assert production["values"] == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_what_does_not_comply_is_named_and_waits(slipway: Harness) -> None:
    """An image by its tag alone is not what people would approve."""
    slipway.outside.charts.unpinned.add("1.0.0")
    slipway.push_release("1.0.0")
    slipway.pump()
    found = rendered(slipway, "1.0.0", "qa").findings

    assert found
    assert any("Deployment/delivery" in one.object for one in found)
    assert slipway.live("qa") == ""


def test_attack_reach_from_qa_into_production_by_a_manifest(slipway: Harness) -> None:
    """What names the namespace of another environment is named, and waits."""
    account = {"kind": "ServiceAccount", "name": "delivery", "namespace": "backend"}
    slipway.outside.charts.beside["1.0.0"] = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "x"},
        "subjects": [account],
    }
    slipway.push_release("1.0.0")
    slipway.pump()

    [found] = rendered(slipway, "1.0.0", "qa").findings
    assert (found.object, found.field) == ("RoleBinding/x", "subjects[0].namespace")
    assert found.problem.startswith("names backend, the namespace of production")
    assert slipway.live("qa") == ""


def test_a_chart_that_cannot_be_rendered_is_a_finding(slipway: Harness) -> None:
    """With the renderer's words; it is the release that waits, not Slipway that fails."""
    slipway.outside.charts.broken.add("1.0.0")
    slipway.push_release("1.0.0")
    slipway.pump()
    [found] = rendered(slipway, "1.0.0", "qa").findings

    assert (found.object, found.field) == ("chart charts/delivery", "templates")
    assert "templates/deployment.yaml:3" in found.problem
    assert rendered(slipway, "1.0.0", "qa").manifests == ""


@pytest.mark.parametrize("error", [Permanent("helm is not installed", ours=True), Transient("busy")])
def test_a_renderer_in_trouble_is_no_finding(slipway: Harness, error: Exception) -> None:
    """The chart is not to blame; it is rendered again later."""
    slipway.outside.troubles.add("charts.render", error)
    slipway.push_release("1.0.0")
    slipway.pump(most=timedelta(0))
    before = slipway.promotion("1.0.0", "qa").facts
    slipway.tick(timedelta(minutes=2))

    assert before is None
    assert slipway.promotion("1.0.0", "qa").phase == "Succeeded"


def test_charts_are_unpacked_where_the_application_may_write(slipway: Harness) -> None:
    """And nothing of them is left there."""
    slipway.release_to("1.0.0")

    assert slipway.app.scratch.is_dir()
    assert list(slipway.app.scratch.iterdir()) == []


def test_an_artifact_without_a_chart_is_not_rendered(slipway: Harness) -> None:
    """There is nothing else yet that is."""
    slipway.release_to("1.0.0", approve=False)
    artifact = slipway.release("1.0.0").artifact
    assert artifact is not None
    plain = replace(artifact, parts=artifact.images)
    rendering = Rendering(release_name="delivery", namespace="qa")

    with pytest.raises(Permanent, match=r"v1\.0\.0 has no chart"):
        _render(slipway.app, slipway.app.access_as(None).charts, plain, rendering)
