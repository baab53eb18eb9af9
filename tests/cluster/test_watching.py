"""The rollout watcher on a real control plane, with no rights but the deployer's Role."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shared.domain.policies.patience import Patience
from shared.ports.errors import Permanent
from shared.ports.rollout_watcher import Rollout, RolloutState
from tests.cluster.kube import Kube
from tests.support.cluster.deployers import Deployer
from tests.support.cluster.rollouts import ENDLESS, IMAGE, SHORT, install, place, watcher, workload

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("fake_kubelet")]
_LOOKS = 3


def settled(deployer: Deployer, revision: str, patience: Patience = SHORT) -> Rollout:
    """Look until there is a verdict."""
    for _ in range(_LOOKS):
        found = watcher(deployer.api).observe(place(deployer.namespace, patience), revision)
        if found.state is not RolloutState.PROGRESSING:
            break
    return found


def shown(deployer: Deployer, *objects: dict[str, Any], patience: Patience = SHORT) -> Rollout:
    """Install these, and look until there is a verdict."""
    return settled(deployer, install(deployer.api, deployer.namespace, *objects), patience)


@pytest.mark.parametrize(
    ("kind", "spec"),
    [("Deployment", {"replicas": 2}), ("StatefulSet", {"replicas": 2}), ("DaemonSet", {}), ("Job", {})],
)
def test_a_workload_of_each_kind_is_healthy_and_shows_what_runs(
    deployer: Deployer, kind: str, spec: dict[str, Any]
) -> None:
    """A Job where it has completed; an init container is shown too."""
    first = {"initContainers": [{**workload()["spec"]["template"]["spec"]["containers"][0], "name": "first"}]}
    found = shown(deployer, workload(kind, spec=spec, pod=first))

    assert (found.state, found.reason) == (RolloutState.HEALTHY, "")
    assert found.ran is not None
    assert {(one.object, one.container, one.differs) for one in found.ran} == {
        (f"{kind}/delivery", "first", False),
        (f"{kind}/delivery", "app", False),
    }


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("crash", r"CrashLoopBackOff: restarted 1 time; it ended with exit code 3 \(Error\)"),
        ("oom", r"OOMKilled: restarted 1 time; it ended with exit code 137 \(OOMKilled\)"),
        # It is pulled again and again, and waits in between.
        ("pull-error", "(ErrImagePull|ImagePullBackOff): "),
        ("create-error", 'CreateContainerConfigError: secret "x" not found'),
    ],
)
def test_a_pod_that_fails_is_named_with_container_and_reason(deployer: Deployer, mode: str, reason: str) -> None:
    """What happened to it is kept; and where it ran, the last lines of its log."""
    found = shown(deployer, workload(mode=mode, log="no database\x1b[31m\nbye\n", exit="3"))
    evidence = found.evidence().decode()

    assert found.state is RolloutState.DEGRADED
    assert found.reason.startswith("Deployment/delivery, pod delivery-")
    assert re.search(f": container app: {reason}", found.reason)
    assert "Scaled up replica set" in evidence
    assert "container app" in evidence
    # Attack: a log that would move a terminal's cursor.
    assert ("no database·[31m\n  bye\n" in evidence) is (mode in ("crash", "oom"))
    assert "\x1b" not in evidence


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "Job"])
@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"safe": False}, "violates PodSecurity"),
        ({"pod": {"serviceAccountName": "nobody"}}, 'serviceaccount "nobody" not found'),
    ],
    ids=["pod security", "ServiceAccount"],
)
def test_pods_that_the_cluster_refuses_to_make_are_a_failure(
    deployer: Deployer, kind: str, about: dict[str, Any], said: str
) -> None:
    """Helm applied it without a word."""
    found = shown(deployer, workload(kind, **about))

    assert found.state is RolloutState.DEGRADED
    assert found.reason.startswith(f"{kind}/delivery: FailedCreate: ")
    assert said in found.reason


def looked(deployer: Deployer, *objects: dict[str, Any], word: str) -> Rollout:
    """Install these, and look until the reason has the word, for one second each."""
    revision = install(deployer.api, deployer.namespace, *objects)
    brief = watcher(deployer.api, seconds=1)
    for _ in range(10):
        found = brief.observe(place(deployer.namespace), revision)
        if word in found.reason:
            break
    return found


def test_a_quota_is_given_time(deployer: Deployer, kube: Kube) -> None:
    """What ends gives it back."""
    kube.core.create_namespaced_resource_quota(
        deployer.namespace, {"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    )
    found = looked(deployer, workload(), word="exceeded quota")

    assert found.state is RolloutState.PROGRESSING
    assert found.reason.startswith("Deployment/delivery: FailedCreate: ")


def test_a_pod_without_a_node_is_given_time(deployer: Deployer) -> None:
    """Autoscalers take minutes. The deadline is told what stood in the way."""
    found = looked(deployer, workload(pod={"nodeSelector": {"disk": "none-has-it"}}), word="Unschedulable")

    assert found.state is RolloutState.PROGRESSING
    assert "didn't match Pod's node affinity/selector" in found.reason
    assert "FailedScheduling" in found.evidence().decode()


def test_a_container_that_never_gets_ready_says_what_its_probe_said(deployer: Deployer) -> None:
    """And its log is what there is to look at."""
    found = looked(deployer, workload(mode="never-ready"), word="Readiness")

    assert found.state is RolloutState.PROGRESSING
    assert found.reason.endswith(
        "container app: NotReady: Readiness probe failed: HTTP probe failed with statuscode: 503"
    )
    assert "started app" in found.evidence().decode()


def test_a_deployment_that_kubernetes_gave_up_is_a_failure_at_once(deployer: Deployer) -> None:
    """However patient the policy is."""
    found = shown(deployer, workload(mode="never-ready", spec={"progressDeadlineSeconds": 1}), patience=ENDLESS)

    assert found.state is RolloutState.DEGRADED
    assert found.reason.startswith("Deployment/delivery: ProgressDeadlineExceeded: ")


def test_a_failed_job_is_a_failure_at_once_with_the_log_of_its_pod(deployer: Deployer) -> None:
    """A migration that came to nothing."""
    found = shown(deployer, workload("Job", mode="fail", log="no such table\n"), patience=ENDLESS)

    assert found.state is RolloutState.DEGRADED
    assert found.reason.startswith("Job/delivery: JobFailed: ")
    assert "  no such table\n" in found.evidence().decode()


def test_a_job_that_was_cleared_away_is_done(deployer: Deployer) -> None:
    """Its manifest says that it goes by itself; one that does not is missed."""
    passing = workload("Job", spec={"ttlSecondsAfterFinished": 0})
    gone = install(deployer.api, deployer.namespace, passing, written=())
    missed = watcher(deployer.api, seconds=1)

    assert settled(deployer, gone).state is RolloutState.HEALTHY
    found = missed.observe(
        place(deployer.namespace), install(deployer.api, deployer.namespace, workload("Job"), written=(), number=2)
    )
    assert (found.state, found.reason) == (RolloutState.PROGRESSING, "Job/delivery: is not there")


def test_a_job_that_failed_and_was_cleared_away_has_failed(deployer: Deployer, kube: Kube) -> None:
    """Attack: a migration that came to nothing goes by itself before anybody looks, and what needs it is called healthy."""
    failing = workload("Job", mode="fail", spec={"ttlSecondsAfterFinished": 0})
    revision = install(deployer.api, deployer.namespace, failing)
    jobs = ("apis", "batch", "v1", "namespaces", deployer.namespace, "jobs")
    kube.until(lambda: not deployer.api.get(jobs)["items"])

    found = settled(deployer, revision, ENDLESS)

    assert found.state is RolloutState.DEGRADED
    assert found.reason.startswith("Job/delivery: JobFailed: ")
    assert "BackoffLimitExceeded" in found.evidence().decode()


def test_pods_of_an_old_revision_judge_nothing(deployer: Deployer, kube: Kube) -> None:
    """They crash until the new ones are ready."""
    install(deployer.api, deployer.namespace, workload(mode="crash"))
    kube.until(lambda: kube.states(deployer.namespace) == {"CrashLoopBackOff"})
    revision = install(deployer.api, deployer.namespace, workload(delay="2"), number=2)

    assert settled(deployer, revision).state is RolloutState.HEALTHY


@pytest.mark.parametrize("evicted", [False, True])
def test_an_image_without_a_valid_name_is_a_failure_at_once_and_an_eviction_is_none(
    deployer: Deployer, kube: Kube, evicted: bool
) -> None:
    """Whatever the pod was at: its successor is judged."""
    revision = install(deployer.api, deployer.namespace, workload(mode="hang"))
    kube.until(lambda: kube.states(deployer.namespace) == {"running"})
    [pod] = kube.pods(deployer.namespace)
    waits = {"waiting": {"reason": "InvalidImageName"}}
    status: dict[str, Any] = {"name": "app", "image": "", "imageID": "", "ready": False, "restartCount": 0}
    said = {
        "containerStatuses": [{**status, "state": waits}],
        **({"phase": "Failed", "reason": "Evicted"} if evicted else {}),
    }
    kube.core.patch_namespaced_pod_status(pod.metadata.name, deployer.namespace, {"status": said})

    found = watcher(deployer.api, seconds=1).observe(place(deployer.namespace, ENDLESS), revision)

    assert found.state is (RolloutState.PROGRESSING if evicted else RolloutState.DEGRADED)
    assert ("container app: InvalidImageName" in found.reason) is not evicted


def test_a_container_that_somebody_added_is_listed_without_a_name_in_the_manifest(deployer: Deployer) -> None:
    """As a mesh injects its sidecar."""
    written = workload(more=[{"name": "proxy", "image": f"mesh/proxy@sha256:{'cd' * 32}"}])
    revision = install(deployer.api, deployer.namespace, workload(), written=[written])
    found = settled(deployer, revision)

    assert found.state is RolloutState.HEALTHY
    assert found.ran is not None
    assert {one.container: one.image for one in found.ran} == {"app": IMAGE, "proxy": ""}


def test_attack_run_another_image_than_the_manifest_names(deployer: Deployer) -> None:
    """`kubectl set image`, or a webhook: the record of Helm does not show it, the pods do."""
    swapped = workload(image=f"shop/delivery:v1.0.0@sha256:{'ee' * 32}")
    revision = install(deployer.api, deployer.namespace, workload(), written=[swapped])
    found = settled(deployer, revision)

    assert found.ran is not None
    assert [one.differs for one in found.ran] == [True]


def test_attack_take_a_container_out_of_the_pods(deployer: Deployer) -> None:
    """A webhook that leaves out what watches the service: what the manifest names has to run."""
    named = workload(more=[{"name": "guard", "image": f"shop/guard@sha256:{'cd' * 32}"}])
    revision = install(deployer.api, deployer.namespace, named, written=[workload()])
    found = settled(deployer, revision)

    assert found.ran is not None
    assert {one.container: one.differs for one in found.ran} == {"app": False, "guard": True}


def test_all_workloads_of_a_release_have_to_be_ready(deployer: Deployer) -> None:
    """And a failure of one is the release's."""
    objects = [workload(), workload("StatefulSet", name="store"), workload("Job", name="migrate", mode="fail")]
    found = shown(deployer, *objects)

    assert found.reason.startswith("Job/migrate: JobFailed: ")


def test_a_workload_in_another_namespace_is_named_and_not_looked_for(deployer: Deployer) -> None:
    """Its rights end at its own."""
    astray = workload()
    astray["metadata"]["namespace"] = "production"
    revision = install(deployer.api, deployer.namespace, astray, written=())

    with pytest.raises(Permanent, match="Deployment/delivery is put into namespace production"):
        settled(deployer, revision)
