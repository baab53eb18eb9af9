"""The control plane that tests are given: a real one, with pods that do what a test asks of them."""

from __future__ import annotations

import pytest
from kubernetes.client.exceptions import ApiException

from tests.cluster.kube import Kube, deployment
from tests.support.cluster.shared import Cluster

pytestmark = pytest.mark.cluster
FAKE = pytest.mark.usefixtures("fake_kubelet")
IMAGE = f"shop/delivery:v1.0.0@sha256:{'ab' * 32}"


@FAKE
def test_a_deployment_gets_ready_and_shows_the_digests_that_run(kube: Kube, namespace: str) -> None:
    """Its pods have nodes by the real scheduler, and image ids by the fake kubelet."""
    kube.apps.create_namespaced_deployment(namespace, deployment("delivery", IMAGE, replicas=2))

    kube.until(lambda: kube.apps.read_namespaced_deployment("delivery", namespace).status.available_replicas == 2)

    ids = {one.image_id for pod in kube.pods(namespace) for one in pod.status.container_statuses}
    assert ids == {f"shop/delivery@sha256:{'ab' * 32}"}


@FAKE
@pytest.mark.parametrize(
    ("mode", "state"),
    [
        ("crash", "CrashLoopBackOff"),
        ("oom", "CrashLoopBackOff"),
        ("pull-error", "ImagePullBackOff"),
        ("create-error", "CreateContainerConfigError"),
        ("never-ready", "running"),
    ],
)
def test_a_pod_fails_as_its_template_asks(kube: Kube, namespace: str, mode: str, state: str) -> None:
    """It never counts as available."""
    kube.apps.create_namespaced_deployment(namespace, deployment("delivery", IMAGE, mode=mode))

    kube.until(lambda: kube.states(namespace) == {state})

    assert not kube.apps.read_namespaced_deployment("delivery", namespace).status.available_replicas


@FAKE
def test_a_pod_fails_as_the_tag_of_its_image_ends(kube: Kube, namespace: str) -> None:
    """For charts whose annotations nobody can set."""
    kube.apps.create_namespaced_deployment(namespace, deployment("delivery", "shop/delivery:v1.0.1-pull-error"))

    kube.until(lambda: kube.states(namespace) == {"ImagePullBackOff"})


def test_a_pod_that_no_node_can_take_is_unschedulable(kube: Kube, namespace: str) -> None:
    """The real scheduler says so."""
    wanted = deployment("delivery", IMAGE, asks={"nodeSelector": {"disk": "none-has-it"}})
    kube.apps.create_namespaced_deployment(namespace, wanted)

    def reasons() -> bool:
        said = [one for pod in kube.pods(namespace) for one in pod.status.conditions or ()]
        return any(one.type == "PodScheduled" and one.reason == "Unschedulable" for one in said)

    kube.until(reasons)


@FAKE
@pytest.mark.parametrize(("mode", "ended"), [("complete", "Complete"), ("fail", "Failed")])
def test_a_job_ends_as_its_template_asks(kube: Kube, namespace: str, mode: str, ended: str) -> None:
    """Hooks of charts are such Jobs."""
    pod = deployment("migrate", IMAGE, mode=mode)["spec"]["template"]
    pod["spec"]["restartPolicy"] = "Never"
    job = {"metadata": {"name": "migrate"}, "spec": {"backoffLimit": 0, "template": pod}}
    kube.batch.create_namespaced_job(namespace, job)

    def conditions() -> bool:
        said = kube.batch.read_namespaced_job("migrate", namespace).status.conditions or ()
        return any((one.type, one.status) == (ended, "True") for one in said)

    kube.until(conditions)


@FAKE
def test_the_log_of_a_pod_is_read_through_the_api_server(kube: Kube, namespace: str) -> None:
    """As evidence of why it failed."""
    kube.apps.create_namespaced_deployment(namespace, deployment("delivery", IMAGE, log="starting\nno database\n"))
    kube.until(lambda: kube.states(namespace) == {"running"})
    [pod] = kube.pods(namespace)

    assert kube.core.read_namespaced_pod_log(pod.metadata.name, namespace, tail_lines=1) == "no database\n"


def test_attack_ask_without_rights(control_plane: Cluster, kube: Kube, namespace: str) -> None:
    """RBAC is on: a ServiceAccount without a Role can read nothing."""
    [token] = [
        kube.core.create_namespaced_service_account_token("default", namespace, {"spec": {"expirationSeconds": 600}})
    ]
    with (
        Kube(control_plane.server, control_plane.ca_file, token.status.token) as nobody,
        pytest.raises(ApiException) as refused,
    ):
        nobody.pods(namespace)

    assert refused.value.status == 403
