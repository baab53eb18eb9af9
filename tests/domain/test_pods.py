"""Pods are found by their shape, wherever a chart hides them, and judged by the user that would run them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from shared.domain.charts.manifests import CHANGE_CAUSE, MOST_FINDINGS, Finding, findings, user_problems
from shared.domain.charts.pods import MOST_DEPTH

ONE, OTHER = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
IMAGE = f"localhost:5000/delivery:v1.0.2@{ONE}"
FOREIGN = f"localhost:5000/proxy:1.0@{OTHER}"


def a_pod(image: str = IMAGE, *, own: object = None, **context: object) -> dict[str, Any]:
    """A pod's specification whose one container complies unless told otherwise."""
    return {
        "securityContext": {"runAsNonRoot": True, **context},
        "containers": [{"name": "a", "image": image, "securityContext": own}],
    }


def an_object(kind: str = "Deployment", spec: object = None, **annotations: str) -> dict[str, Any]:
    """A controller of a pod that complies, or of the given one."""
    said = {CHANGE_CAUSE: "v1.0.2", **annotations}
    pod = a_pod() if spec is None else spec
    return {"kind": kind, "metadata": {"name": "x", "annotations": said}, "spec": {"template": {"spec": pod}}}


def found(*objects: Any, **more: Any) -> list[tuple[str, str]]:
    """Which fields of which objects do not comply beside a deployment that does."""
    return [(one.object, one.field) for one in findings([an_object(), *objects], image=IMAGE, **more)]


BAD = an_object(spec=a_pod(runAsUser=0))
IN_BAD = ("Deployment/x", "spec.template.spec.securityContext.runAsUser")


@pytest.mark.parametrize(
    "listed",
    [
        {"kind": "List", "items": [BAD]},
        {"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [BAD]},
        {"kind": "List", "items": [{"kind": "List", "items": [BAD]}]},
        {"kind": "Deployment", "metadata": {}, "items": [BAD]},
        {"kind": "FancyList", "spec": BAD["spec"], "items": [BAD]},
    ],
)
def test_attack_no_list_hides_what_it_holds(listed: dict[str, Any]) -> None:
    """Attack: whatever the list is called, and however deep it lies; kubectl applies the items of each."""
    assert IN_BAD in found(listed)


def test_a_key_counts_as_it_is_spelt() -> None:
    """Kubernetes compares letter by letter (sigs.k8s.io/json): what is spelt otherwise is no container, and cannot stand for one."""
    pod = a_pod()

    assert found(an_object(spec={**pod, "Containers": [{"image": "busybox"}]})) == []
    assert ("Deployment/x", "spec.template.spec.containers") in found(
        an_object(spec={"securityContext": pod["securityContext"], "Containers": pod["containers"]})
    )


def test_attack_an_object_is_not_hidden_by_items_beside_it() -> None:
    """Attack: a server takes it for a deployment and leaves the unknown field out."""
    assert IN_BAD in found({**BAD, "items": []})


@pytest.mark.parametrize("kind", ["ReplicationController", "Job", "StatefulSet"])
def test_every_controller_says_why_it_was_deployed(kind: str) -> None:
    """Also in a list."""
    silent = an_object(kind)
    silent["metadata"]["annotations"] = {}

    assert found({"kind": "List", "items": [silent]}) == [(f"{kind}/x", f"metadata.annotations[{CHANGE_CAUSE}]")]


def test_a_custom_resource_is_judged_by_the_pod_it_carries() -> None:
    """However deep; of a cause nothing would show, so none is asked for."""
    rollout = an_object("Rollout", a_pod("busybox"))
    rollout["metadata"]["annotations"] = {}
    deep = {
        "kind": "Fancy",
        "metadata": {"name": "f"},
        "spec": {"tiers": [{"pod": a_pod(runAsUser=0)}, {"pod": a_pod()}]},
    }

    assert found(rollout, deep) == [
        ("Rollout/x", "spec.template.spec.containers[0].image"),
        ("Rollout/x", "spec.template.spec.containers[0].image"),
        ("Fancy/f", "spec.tiers[0].pod.securityContext.runAsUser"),
    ]


def test_a_custom_resource_may_run_the_released_image() -> None:
    """A rollout instead of a deployment is a workload like it."""
    assert findings([an_object("Rollout")], image=IMAGE) == ()


def test_what_a_custom_resource_adds_to_its_operators_container_needs_no_image() -> None:
    """What has one is judged, also where only init containers are given."""
    added = {"containers": [{"name": "main", "args": ["-v"]}], "initContainers": [{"name": "i", "image": "busybox"}]}
    fields = {field for _, field in found({"kind": "Prometheus", "metadata": {"name": "p"}, "spec": added})}

    assert fields == {"spec.initContainers[0].image", "spec.initContainers[0].securityContext.runAsNonRoot"}


EVIL = "docker.io/evil/tools:latest"
OLDER = f"localhost:5000/delivery:v1.0.1@{OTHER}"


@pytest.mark.parametrize(
    ("image", "problems"),
    [
        ({"reference": EVIL}, [f"{EVIL} must be pinned by its digest, as in repository:tag@sha256:…", f"{EVIL} must carry a tag, and not latest"]),
        ({"reference": OLDER}, [f"{OLDER} is this service's image, but not the released {ONE}"]),
        ({"reference": ""}, ["is missing"]),
        ({"pullPolicy": "Always"}, ["is missing"]),
        ({"reference": FOREIGN}, []),
        ({"reference": IMAGE}, []),
        (None, []),
    ],
)  # fmt: skip
def test_attack_what_runs_comes_from_the_image_of_a_volume(image: object, problems: list[str]) -> None:
    """Attack: a container that complies runs `/v/evil`; the volume's image is judged as a container's."""
    pod = {**a_pod(), "volumes": [{"name": "config", "configMap": {"name": "c"}}, {"name": "v", "image": image}]}

    told = findings([an_object(spec=pod)], image=IMAGE)

    assert [one.problem for one in told] == problems
    assert {one.field for one in told} <= {"spec.template.spec.volumes[1].image.reference"}


def test_an_image_that_is_only_a_volume_is_not_run() -> None:
    """Another one is, which is not what was released."""
    pod = {**a_pod(FOREIGN), "volumes": [{"name": "v", "image": {"reference": IMAGE}}]}

    assert [one.problem for one in findings([an_object(spec=pod)], image=IMAGE)] == [
        f"have no container that runs {IMAGE}"
    ]


def test_attack_a_custom_resource_brings_the_image_of_a_volume_alone() -> None:
    """Attack: its operator adds the container. Volumes of other kinds, as KubeVirt's, are nothing like it."""
    volumes = [{"name": "v", "image": {"reference": EVIL}}, {"name": "w", "image": {"pullPolicy": "Always"}}, "x"]

    assert found({"kind": "Prometheus", "metadata": {"name": "p"}, "spec": {"volumes": volumes}}) == [
        ("Prometheus/p", "spec.volumes[0].image.reference"),
        ("Prometheus/p", "spec.volumes[0].image.reference"),
    ]


def a_workflow(**template: object) -> dict[str, Any]:
    """A workflow of Argo's whose one template has these fields."""
    return {"kind": "Workflow", "metadata": {"name": "w"}, "spec": {"templates": [{"name": "t", **template}]}}


@pytest.mark.parametrize("place", ["container", "script", "sidecars[0]", "initContainers[0]"])
def test_attack_a_template_has_its_container_alone_or_beside_it(place: str) -> None:
    """Attack: no list of containers names what Argo Workflows runs."""
    evil = {"image": EVIL}
    name, is_list, _ = place.partition("[")

    assert set(found(a_workflow(**{name: [evil] if is_list else evil}))) == {
        ("Workflow/w", f"spec.templates[0].{place}.{field}") for field in ("image", "securityContext.runAsNonRoot")
    }


@pytest.mark.parametrize("name", ["container", "script"])
def test_a_template_that_complies_may_run_the_released_image(name: str) -> None:
    """By its own word for no root, or its pod's."""
    own = a_workflow(**{name: {"image": IMAGE, "securityContext": {"runAsNonRoot": True}}})
    above = a_workflow(**{name: {"image": IMAGE}}, securityContext={"runAsNonRoot": True})

    assert findings([own], image=IMAGE) == findings([above], image=IMAGE) == ()


def test_what_has_no_image_is_no_container() -> None:
    """As a metric's `container`, which is a name, and a script in a file's words."""
    metric = {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "h"}, "spec": {"container": "image"}}

    assert found(metric, a_workflow(script={"source": "true"}, container={"args": ["image"]})) == []


def test_attack_a_controller_of_kubernetes_seems_to_run_what_it_does_not() -> None:
    """Attack: it knows no single container, so the field is left out and another image runs."""
    pod = {**a_pod(FOREIGN), "container": {"image": IMAGE}}

    assert [one.problem for one in findings([an_object(spec=pod)], image=IMAGE)] == [
        f"have no container that runs {IMAGE}"
    ]


@pytest.mark.parametrize(
    ("pod", "own"),
    [
        ({"runAsUser": None}, {}),
        ({}, {"runAsUser": None}),
        ({}, {"runAsNonRoot": None}),
        ({"runAsUser": 0}, {"runAsUser": 1000}),
        ({"runAsNonRoot": None}, {"runAsNonRoot": True}),
        ({"runAsUser": 1000}, {"runAsUser": None}),
    ],
)
def test_null_is_unset_and_the_nearest_word_counts(pod: dict[str, Any], own: dict[str, object]) -> None:
    """A container's own user, then its pod's."""
    assert found(an_object(spec=a_pod(own=own, **pod))) == []


@pytest.mark.parametrize("user", ["", "0", "00", "root", "0:0", "root:root", ":1000"])
def test_an_image_that_runs_as_root_is_found_where_nothing_says_otherwise(user: str) -> None:
    """Of our own image its configuration is known."""
    [one] = findings([an_object()], image=IMAGE, users={ONE: [("", user)]})

    assert (one.object, one.field) == ("Deployment/x", "spec.template.spec.containers[0].securityContext.runAsUser")
    assert "root" in one.problem


def test_a_user_by_name_cannot_be_told_from_root() -> None:
    """The kubelet would refuse to start it: `image has non-numeric user`."""
    [one] = findings([an_object()], image=IMAGE, users={ONE: [("", "app")]})

    assert "the image's own user is app" in one.problem
    assert list(user_problems([("", "app:app")])) == [one.problem]


def test_attack_the_platform_that_runs_as_root_is_named_wherever_it_stands() -> None:
    """Attack: an index whose first platform is harmless; the cluster's own nodes may be of another one."""
    users = [("linux/amd64", "1000"), ("linux/arm64", ""), ("linux/arm/v7", "root"), ("linux/s390x", "app")]

    problems = [one.problem for one in findings([an_object()], image=IMAGE, users={ONE: users})]

    assert problems == [
        "must be set to a number above 0: the image's own user is root (on linux/arm64, linux/arm/v7)",
        "must be set to a number: the image's own user is app, which Kubernetes cannot tell from root (on linux/s390x)",
    ]


@pytest.mark.parametrize("user", ["1000", "10001:0", "65532:65532"])
def test_an_image_with_a_users_number_complies(user: str) -> None:
    """Whatever its group."""
    assert findings([an_object()], image=IMAGE, users={ONE: [("", user)]}) == ()


@pytest.mark.parametrize("context", [{"runAsUser": 1000}, {}])
def test_what_the_manifest_says_wins_over_the_image(context: dict[str, Any]) -> None:
    """By the pod or by the container."""
    own = None if context else {"runAsUser": 1000}

    assert findings([an_object(spec=a_pod(own=own, **context))], image=IMAGE, users={ONE: [("", "root")]}) == ()


def test_an_image_of_somebody_else_is_unknown_and_neither_root_nor_none() -> None:
    """The kubelet sees to `runAsNonRoot`, which must be true as before."""
    trusting = a_pod(FOREIGN)
    trusting["securityContext"] = {}

    assert found(an_object(spec=a_pod(FOREIGN)), users={ONE: [("", "1000")]}) == []
    assert found(an_object(spec=trusting), users={ONE: [("", "1000")]}) == [
        ("Deployment/x", "spec.template.spec.containers[0].securityContext.runAsNonRoot")
    ]


def test_many_findings_are_counted_and_long_ones_cut() -> None:
    """They are kept with the release."""
    many = [an_object("Job", a_pod(f"{'long' * 1000}{n}")) for n in range(50)]
    told = findings([an_object(), *many], image=IMAGE)

    assert len(told) == MOST_FINDINGS + 1
    assert told[-1] == Finding("manifests", "", "have 80 other findings, not listed here")
    assert max(len(one.problem) for one in told) <= 300


def test_attack_what_is_nested_for_ever_is_a_finding() -> None:
    """Attack: neither lists in lists nor objects in objects end the worker."""
    lists: dict[str, Any] = {"kind": "List", "items": []}
    objects: dict[str, Any] = {}
    for _ in range(5 * MOST_DEPTH):
        lists, objects = {"kind": "List", "items": [lists]}, {"a": objects}

    for each in (lists, {"kind": "Deep", "spec": objects}):
        assert ("manifests", "") in found(each)


def test_attack_what_is_shared_a_thousandfold_is_looked_at_for_a_bounded_time() -> None:
    """Attack: nine aliases to nine aliases to nine; counted as what they expand to."""
    shared: Any = {"more": "than nothing"}
    for _ in range(12):
        shared = {"tiers": [shared] * 9}
    begun = time.process_time()
    told = findings([{"kind": "Deep", "spec": shared}], image=IMAGE)

    assert "hold more than 500,000 values" in " ".join(one.problem for one in told)
    assert time.process_time() - begun < 30
