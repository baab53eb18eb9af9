"""What rendered manifests must show before they are applied."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.charts.belonging import Home
from shared.domain.charts.manifests import CHANGE_CAUSE, Finding, findings

ONE, OTHER = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
IMAGE = f"localhost:5000/prod/delivery:v1.0.2@{ONE}"
POD = "spec.template.spec"


def deployment(kind: str = "Deployment", **container: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "delivery", "annotations": {CHANGE_CAUSE: "v1.0.2, approved"}},
        "spec": {
            "template": {
                "spec": {
                    "securityContext": {"runAsNonRoot": True},
                    "containers": [{"name": "app", "image": IMAGE, **container}],
                }
            }
        },
    }


def pod_of(workload: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = workload["spec"]["template"]["spec"]
    return found


def fields(*objects: Any, image: str = IMAGE) -> list[str]:
    return [finding.field for finding in findings(objects, image=image)]


def test_a_deployment_of_the_released_image_complies() -> None:
    """A Service beside it is nobody's business here."""
    service = {"kind": "Service", "metadata": {"name": "delivery"}}

    assert findings([service, deployment()], image=IMAGE) == ()


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"])
def test_every_kind_of_workload_is_looked_into(kind: str) -> None:
    """The pod's template lies at the same place in all of them."""
    found = findings([deployment(), deployment(kind, image="busybox:1")], image=IMAGE)

    assert [(finding.object, finding.field) for finding in found] == [
        (f"{kind}/delivery", f"{POD}.containers[0].image")
    ]


def test_pods_and_cron_jobs_are_looked_into_where_their_containers_are() -> None:
    """A Pod has no template, a CronJob two."""
    spec = pod_of(deployment(image="busybox:1"))
    metadata = deployment()["metadata"]
    pod = {"kind": "Pod", "metadata": metadata, "spec": spec}
    job = {"template": {"spec": spec}}
    cron = {"kind": "CronJob", "metadata": metadata, "spec": {"jobTemplate": {"spec": job}}}

    assert fields(deployment(), pod, cron) == [
        "spec.containers[0].image",
        "spec.jobTemplate.spec.template.spec.containers[0].image",
    ]


def test_a_list_stands_for_its_items() -> None:
    """Helm charts may hold `kind: List`."""
    assert fields({"kind": "List", "items": [deployment()]}) == []
    assert fields({"kind": "List", "items": [deployment(image="busybox:1"), deployment()]}) == [
        f"{POD}.containers[0].image"
    ]


@pytest.mark.parametrize(
    ("image", "problem"),
    [
        ("busybox:1.36", "must be pinned by its digest"),
        ("busybox:1.36@sha256:12", "must be pinned by its digest"),
        (f"busybox@{OTHER}", "must carry a tag"),
        (f"busybox:latest@{OTHER}", "and not latest"),
        (f"localhost:5000/busybox@{OTHER}", "must carry a tag"),
        (f"localhost:5000/prod/delivery:v1.0.2@{OTHER}", "not the released"),
        (None, "is missing"),
        ("", "is missing"),
        (7, "is missing"),
    ],
)
def test_an_image_that_is_not_pinned_is_found(image: object, problem: str) -> None:
    """Init containers too: each image has a tag and a digest, and the service's own the released one."""
    workload = deployment()
    pod_of(workload)["initContainers"] = [{"name": "init", "image": image}]

    (found,) = findings([workload], image=IMAGE)

    assert found.object == "Deployment/delivery"
    assert found.field == f"{POD}.initContainers[0].image"
    assert problem in found.problem


def test_a_pinned_image_of_somebody_else_may_run_beside() -> None:
    """Sidecars are allowed; a registry's port is no tag."""
    workload = deployment()
    pod_of(workload)["containers"].append({"name": "proxy", "image": f"localhost:5000/proxy:1@{OTHER}"})

    assert findings([workload], image=IMAGE) == ()


def test_the_released_image_must_run_somewhere() -> None:
    """An init container is not enough."""
    workload = deployment(image=f"busybox:1@{OTHER}")
    pod_of(workload)["initContainers"] = [{"name": "init", "image": IMAGE}]

    assert findings([workload], image=IMAGE) == (Finding("manifests", "", f"have no container that runs {IMAGE}"),)


@pytest.mark.parametrize(
    ("pod", "own", "field"),
    [
        ({"runAsNonRoot": True}, None, None),
        ({}, {"runAsNonRoot": True}, None),
        ({"runAsNonRoot": False}, {"runAsNonRoot": True}, None),
        ({"runAsNonRoot": True, "runAsUser": 1000}, {"runAsUser": 2000}, None),
        ({}, None, "containers[0].securityContext.runAsNonRoot"),
        ({"runAsNonRoot": "true"}, None, "containers[0].securityContext.runAsNonRoot"),
        ({"runAsNonRoot": True}, {"runAsNonRoot": False}, "containers[0].securityContext.runAsNonRoot"),
        ({"runAsNonRoot": True, "runAsUser": 0}, None, "securityContext.runAsUser"),
        ({"runAsNonRoot": True}, {"runAsUser": 0}, "containers[0].securityContext.runAsUser"),
        ({"runAsNonRoot": True}, {"runAsUser": False}, "containers[0].securityContext.runAsUser"),
        ({"runAsNonRoot": True}, {"runAsUser": "0"}, "containers[0].securityContext.runAsUser"),
    ],
)
def test_nothing_runs_as_root(pod: object, own: object, field: str | None) -> None:
    """The pod may say so for all, a container for itself; a container's word wins."""
    workload = deployment(securityContext=own)
    pod_of(workload)["securityContext"] = pod

    assert fields(workload) == ([] if field is None else [f"{POD}.{field}"])


@pytest.mark.parametrize("annotations", [None, {}, {CHANGE_CAUSE: " "}, {CHANGE_CAUSE: 7}, "text"])
def test_a_workload_says_why_it_was_deployed(annotations: object) -> None:
    """`kubectl rollout history` shows the annotation."""
    workload = deployment()
    workload["metadata"]["annotations"] = annotations

    assert fields(workload) == [f"metadata.annotations[{CHANGE_CAUSE}]"]


def test_manifests_without_a_workload_are_found() -> None:
    """A chart that renders nothing must not pass for a deployment."""
    found = findings([{"kind": "ConfigMap"}], image=IMAGE)

    assert found == (Finding("manifests", "", "hold no workload, so nothing would run"),)


@pytest.mark.parametrize("containers", [None, [], {}, 7, "text"])
def test_a_workload_without_containers_is_found(containers: object) -> None:
    """Whatever stands there instead of a list."""
    broken = deployment()
    pod_of(broken)["containers"] = containers

    assert f"{POD}.containers" in fields(broken, deployment())


def test_what_is_no_object_is_found_by_its_number() -> None:
    """Objects are counted from 0, as they were rendered."""
    found = findings([deployment(), "text", {"kind": 7}], image=IMAGE)  # type: ignore[list-item]

    assert [finding.object for finding in found] == ["object 1", "object 2"]


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
_PLACES: list[tuple[str | int, ...]] = [
    (),
    ("metadata",),
    ("metadata", "annotations"),
    ("spec",),
    ("spec", "template"),
    ("spec", "template", "spec"),
    ("spec", "template", "spec", "securityContext"),
    ("spec", "template", "spec", "containers"),
    ("spec", "template", "spec", "containers", 0),
    ("spec", "template", "spec", "containers", 0, "image"),
    ("spec", "template", "spec", "containers", 0, "securityContext"),
]


@given(st.sampled_from(_PLACES), _JUNK)
def test_malformed_shapes_never_raise(place: tuple[str | int, ...], junk: object) -> None:
    """Charts render anything; each part of a workload may be something else."""
    workload: Any = {"object": deepcopy(deployment())}
    inner: Any = workload
    for part in ("object", *place)[:-1]:
        inner = inner[part]
    inner[("object", *place)[-1]] = junk

    home = Home(namespace="qa", others=(("", "production"),), kinds=())

    assert all(isinstance(each, Finding) for each in findings([workload["object"]], image=IMAGE, home=home))
