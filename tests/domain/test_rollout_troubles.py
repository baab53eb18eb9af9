"""The table of what can be wrong with a rollout: each row just before and just after its patience, and what judges nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.policies.patience import Patience
from shared.domain.rollouts.observed import (
    Container,
    ContainerEnd,
    Happening,
    Look,
    PodState,
    Refusal,
    Workload,
)
from shared.domain.rollouts.troubles import ALLOWANCES, WAITING, Allowance, RolloutTrouble
from shared.domain.rollouts.verdicts import Judged, RolloutState, judge
from shared.domain.values.records import replace
from tests.support.clock import NOON

PATIENCE, A_BIT = Patience(), timedelta(microseconds=1)
APP, KILLED = "shop/delivery:v1", ContainerEnd(reason="OOMKilled", exit_code=137)
CRASHED = ContainerEnd(reason="Error", exit_code=1)
FORBIDDEN = 'pods "delivery-1" is forbidden: violates PodSecurity "restricted:latest"'
QUOTA = 'pods "delivery-1" is forbidden: exceeded quota: small, requested: pods=1'


def container(**about: Any) -> Container:
    """A container that the manifest names."""
    return Container(**{"name": "app", "image": APP, **about})


def workload(*containers: Container, kind: str = "Deployment", pod: Any = None, **about: Any) -> Workload:
    """A workload that is not ready, with a pod of these containers."""
    pods = (PodState(**{"name": "delivery-1", "changed": NOON, "containers": containers, **(pod or {})}),)
    return Workload(**{"kind": kind, "name": "delivery", "lacks": "0 of 1 pods are available", "pods": pods, **about})


def judged(one: Workload, after: timedelta = timedelta(0), patience: Patience = PATIENCE) -> Judged:
    """Judge it so long after noon."""
    return judge(Look(at=NOON + after, workloads=(one,)), patience)


def crashed(restarts: int, **about: Any) -> Container:
    """A container that ended so often."""
    return container(**{"waiting": "CrashLoopBackOff", "restarts": restarts, "ended": CRASHED, **about})


# What is seen, and how long it is given by default. None: as long as the phase.
SHOWN: dict[RolloutTrouble, tuple[Workload, timedelta | None]] = {
    RolloutTrouble.PROGRESS_DEADLINE: (workload(overdue="it made no progress"), timedelta(0)),
    RolloutTrouble.JOB_FAILED: (workload(kind="Job", ended_badly="reached its backoff limit"), timedelta(0)),
    RolloutTrouble.BAD_IMAGE_NAME: (workload(container(waiting="InvalidImageName")), timedelta(0)),
    RolloutTrouble.OUT_OF_MEMORY: (workload(crashed(3, ended=KILLED)), timedelta(0)),
    RolloutTrouble.CRASHING: (workload(crashed(3)), timedelta(0)),
    RolloutTrouble.NOT_CONFIGURED: (workload(container(waiting="CreateContainerConfigError")), timedelta(seconds=30)),
    RolloutTrouble.NOT_CREATED: (workload(refusal=Refusal(message=FORBIDDEN, since=NOON)), timedelta(seconds=30)),
    RolloutTrouble.NOT_PULLED: (workload(container(waiting="ErrImagePull")), timedelta(seconds=60)),
    RolloutTrouble.UNSCHEDULABLE: (workload(pod={"unschedulable": "0/3 nodes are available"}), None),
    RolloutTrouble.QUOTA: (workload(refusal=Refusal(message=QUOTA, since=NOON)), None),
    RolloutTrouble.REGISTRY_BUSY: (
        workload(container(waiting="ErrImagePull", message="429 Too Many Requests")),
        None,
    ),
    RolloutTrouble.NOT_READY: (workload(container(running=True)), None),
}


def test_the_table_has_a_row_for_everything_that_can_be_wrong() -> None:
    """And every row is shown in these tests."""
    assert set(ALLOWANCES) == set(RolloutTrouble) == set(SHOWN)


@pytest.mark.parametrize("trouble", list(RolloutTrouble))
def test_a_trouble_is_a_failure_when_its_patience_is_over_and_not_before(trouble: RolloutTrouble) -> None:
    """What has the time of its phase never is by itself, but says what stands in the way."""
    shown, given = SHOWN[trouble]
    before = judged(shown, given - A_BIT) if given else None
    after = judged(shown, timedelta(days=1) if given is None else given)

    assert after.state is (RolloutState.PROGRESSING if given is None else RolloutState.DEGRADED)
    assert after.symptom is not None
    assert after.symptom.trouble is trouble
    assert before is None or (before.state, before.again) == (RolloutState.PROGRESSING, A_BIT)
    assert ALLOWANCES[trouble] is not Allowance.DEADLINE or after.again is None


@pytest.mark.parametrize("reason", sorted(WAITING))
def test_each_word_of_kubernetes_names_object_pod_container_and_reason(reason: str) -> None:
    """People look for these words."""
    found = judged(workload(container(waiting=reason, message="as it says", restarts=3)), timedelta(minutes=5))

    assert found.state is RolloutState.DEGRADED
    assert found.reason.startswith(f"Deployment/delivery, pod delivery-1: container app: {reason}: ")


@pytest.mark.parametrize("reason", ["ContainerCreating", "PodInitializing", ""])
def test_what_is_on_its_way_is_no_trouble(reason: str) -> None:
    """However long it takes; the deadline says what the workload lacks."""
    found = judged(workload(container(waiting=reason)), timedelta(hours=1))

    assert (found.state, found.reason) == (
        RolloutState.PROGRESSING,
        "Deployment/delivery: 0 of 1 pods are available",
    )


@pytest.mark.parametrize("ended", [CRASHED, KILLED])
def test_the_second_restart_is_none_yet(ended: ContainerEnd) -> None:
    """However long it is crashing: time alone makes no failure of it."""
    found = judged(workload(crashed(2, ended=ended)), timedelta(hours=1))

    assert (found.state, found.again) == (RolloutState.PROGRESSING, None)


def test_a_container_that_was_killed_for_memory_counts_while_it_runs_again() -> None:
    """Between two ends it only seems well."""
    found = judged(workload(container(running=True, restarts=3, ended=KILLED)))

    assert found.state is RolloutState.DEGRADED
    assert found.reason.endswith("OOMKilled: restarted 3 times; it ended with exit code 137 (OOMKilled)")


def test_a_container_that_crashed_and_runs_again_is_given_time() -> None:
    """It may have waited for its database."""
    found = judged(workload(container(running=True, restarts=9, ended=CRASHED)), timedelta(hours=1))

    assert found.state is RolloutState.PROGRESSING


@pytest.mark.parametrize(
    "of_nobody",
    [
        pytest.param(workload(crashed(9), pod={"leaving": True}), id="an evicted pod"),
        pytest.param(workload(crashed(9), pod={"ready": True}), id="a pod that is ready"),
        pytest.param(workload(crashed(9), pod={"new": False}), id="a pod from before this deployment"),
        pytest.param(workload(crashed(9), kind="Job"), id="a pod of a Job, which counts itself"),
        pytest.param(workload(crashed(9, image="")), id="a container that somebody added"),
        pytest.param(workload(crashed(9, ready=True)), id="a container that is ready"),
    ],
)
def test_what_is_not_of_this_deployment_judges_nothing(of_nobody: Workload) -> None:
    """It is still not ready, and the deadline counts."""
    assert judged(of_nobody, timedelta(hours=1)).state is RolloutState.PROGRESSING


def test_a_crash_of_a_pod_from_before_is_said_to_be_unready() -> None:
    """So that the deadline names it."""
    assert "NotReady" in judged(workload(crashed(9), pod={"new": False})).reason


def test_the_patience_is_the_policys() -> None:
    """Each of the three numbers counts."""
    quick = Patience(create=timedelta(seconds=1), pull=timedelta(seconds=2), restarts=1)
    config, pull = SHOWN[RolloutTrouble.NOT_CONFIGURED][0], SHOWN[RolloutTrouble.NOT_PULLED][0]

    assert judged(config, timedelta(seconds=1), quick).state is RolloutState.DEGRADED
    assert judged(pull, timedelta(seconds=2) - A_BIT, quick).state is RolloutState.PROGRESSING
    assert judged(pull, timedelta(seconds=2), quick).state is RolloutState.DEGRADED
    assert judged(workload(crashed(1)), patience=quick).state is RolloutState.DEGRADED


def said(message: str, *, after: int = 0, reason: str = "Failed", of: str = "app") -> Happening:
    """An event about a container, so many seconds after noon."""
    at = NOON + timedelta(seconds=after)
    return Happening(reason=reason, message=message, first=at, last=at, container=of)


BACK_OFF = container(waiting="ImagePullBackOff", message="Back-off pulling image")


@pytest.mark.parametrize(
    "words",
    [
        "toomanyrequests: You have reached your pull rate limit",
        "unexpected status code 429: slow down",
        "failed to pull: 429 Too Many Requests",
        "unexpected status: 429",
        "pull QPS exceeded",
    ],
)
def test_a_registry_that_is_busy_is_given_time_also_while_the_kubelet_backs_off(words: str) -> None:
    """While it backs off, only the event says why."""
    found = judged(
        workload(BACK_OFF, pod={"happenings": (said(f"Failed to pull image: {words}"),)}), timedelta(hours=1)
    )

    assert found.state is RolloutState.PROGRESSING
    assert words in found.reason


def test_attack_name_an_image_such_that_it_sounds_like_a_busy_registry() -> None:
    """A digest may hold 429, and a tag too."""
    message = f'Failed to pull image "shop/delivery:429@sha256:{"429" * 21}0": not found'
    found = judged(workload(BACK_OFF, pod={"happenings": (said(message),)}), timedelta(minutes=1))

    assert found.state is RolloutState.DEGRADED


def test_what_was_said_of_a_pull_last_counts() -> None:
    """It was busy first, and then the image was not there."""
    events = (said("Failed to pull image: 429 Too Many Requests"), said("Failed to pull image: not found", after=40))
    one = workload(BACK_OFF, pod={"happenings": events})

    assert judged(one, timedelta(seconds=100) - A_BIT).state is RolloutState.PROGRESSING
    assert judged(one, timedelta(seconds=100)).state is RolloutState.DEGRADED


def test_the_patience_of_a_pull_begins_with_its_first_failure() -> None:
    """Another container's image may have taken minutes, and what was said of that one is another matter."""
    events = (
        said("Failed to pull image", after=300),
        said("Failed to pull image", of="other"),
        said("Error: no secret"),
    )
    one = workload(BACK_OFF, pod={"happenings": events})

    assert judged(one, timedelta(seconds=360) - A_BIT).state is RolloutState.PROGRESSING
    assert judged(one, timedelta(seconds=360)).state is RolloutState.DEGRADED


def test_the_kubelets_own_word_is_not_said_twice() -> None:
    """The newest event is the same as why it waits."""
    one = container(waiting="ErrImagePull", message="not found")
    found = judged(workload(one, pod={"happenings": (said("Failed to pull image: not found"),)}), timedelta(hours=1))

    assert found.reason.endswith("ErrImagePull: not found")


def test_a_pull_of_which_only_an_event_tells_says_that() -> None:
    """Some runtimes give no message."""
    one = container(waiting="ImagePullBackOff")
    found = judged(workload(one, pod={"happenings": (said("Failed to pull image: gone"),)}), timedelta(hours=1))

    assert found.reason.endswith("ImagePullBackOff: Failed to pull image: gone")


def test_a_container_that_never_gets_ready_says_what_its_probe_said_last() -> None:
    """And not what other containers' probes said."""
    events = (
        said("probe failed: 500", reason="Unhealthy"),
        said("probe failed: 503", reason="Unhealthy", after=5),
        said("other", reason="Unhealthy", after=9, of="other"),
    )
    found = judged(workload(container(running=True), pod={"happenings": events}))

    assert found.reason.endswith("container app: NotReady: probe failed: 503")


def test_the_surest_of_several_troubles_is_named_and_then_the_eldest() -> None:
    """One pod crashes, another has no node: the crash says more."""
    nowhere = workload(pod={"unschedulable": "no node"})
    crashing = workload(crashed(1), name="worker")
    later = workload(crashed(1), name="later", pod={"changed": NOON + timedelta(seconds=5)})
    found = judge(Look(at=NOON, workloads=(nowhere, later, crashing)), PATIENCE)

    assert found.reason.startswith("Deployment/worker, pod delivery-1")


def test_a_failure_is_not_hidden_by_what_waits_longer() -> None:
    """Whatever comes first in the order: what is over its patience decides."""
    pulling = SHOWN[RolloutTrouble.NOT_PULLED][0]
    found = judge(Look(at=NOON + timedelta(minutes=2), workloads=(workload(crashed(1)), pulling)), PATIENCE)

    assert found.state is RolloutState.DEGRADED
    assert found.symptom is not None
    assert found.symptom.trouble is RolloutTrouble.NOT_PULLED


def test_all_that_has_settled_is_healthy() -> None:
    """Its old troubles count no more."""
    well = replace(workload(crashed(9)), lacks="")

    assert judged(well) == Judged(state=RolloutState.HEALTHY, reason="")
    assert judge(Look(at=NOON, workloads=()), PATIENCE).state is RolloutState.HEALTHY
