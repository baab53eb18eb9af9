"""What a workload has not reached yet, by the counts that its controller writes."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.kubernetes.lacking import lacking

pytestmark = pytest.mark.pure
UNSEEN = "its controller has not seen it yet"


def deployment(spec: dict[str, Any], **status: int) -> str:
    """What a Deployment lacks whose controller has seen it."""
    return lacking("Deployment", found(spec, **status))


def found(spec: dict[str, Any], **status: Any) -> dict[str, Any]:
    """An object at its second generation."""
    return {"metadata": {"generation": 2}, "spec": spec, "status": {"observedGeneration": 2, **status}}


READY = {"replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
@pytest.mark.parametrize("seen", [1, None])
def test_counts_of_another_generation_say_nothing(kind: str, seen: int | None) -> None:
    """They are those of what was there before."""
    counts = {**READY, "desiredNumberScheduled": 0}
    status = {**counts, **({"observedGeneration": seen} if seen else {})}

    assert lacking(kind, {"metadata": {"generation": 2}, "spec": {"replicas": 3}, "status": status}) == UNSEEN


@pytest.mark.parametrize(
    ("change", "lacks"),
    [
        ({}, ""),
        ({"updatedReplicas": 2}, "2 of 3 pods are of this revision"),
        ({"availableReplicas": 2}, "2 of 3 pods are available"),
        ({"replicas": 5}, "2 old pods must go yet"),
        ({"replicas": 4}, "1 old pod must go yet"),
    ],
)
def test_a_deployment_is_ready_when_all_its_pods_are_new_and_available(change: dict[str, int], lacks: str) -> None:
    """And no old one is left."""
    assert deployment({"replicas": 3}, **{**READY, **change}) == lacks


def test_a_deployment_without_a_number_has_one_pod() -> None:
    """An autoscaler sets it; and none at all is what somebody wants."""
    assert deployment({}, replicas=1, updatedReplicas=1) == "0 of 1 pods are available"
    assert deployment({"replicas": 0}) == ""


def test_a_deployment_that_is_paused_is_never_ready() -> None:
    """Its counts are those of the revision before."""
    assert deployment({"replicas": 3, "paused": True}, **READY) == "is paused"


@pytest.mark.parametrize(
    ("strategy", "change", "lacks"),
    [
        ({}, {}, ""),
        ({}, {"updatedReplicas": 2}, "2 of 3 pods are of this revision"),
        ({}, {"availableReplicas": 1}, "1 of 3 pods are available"),
        ({"rollingUpdate": {"partition": 2}}, {"updatedReplicas": 1}, ""),
        ({"rollingUpdate": {"partition": 2}}, {"updatedReplicas": 0}, "0 of 1 pods are of this revision"),
        (
            {"rollingUpdate": {"partition": 2}},
            {"updatedReplicas": 1, "availableReplicas": 2},
            "2 of 3 pods are available",
        ),
        ({"type": "OnDelete"}, {"updatedReplicas": 0}, ""),
        ({"type": "OnDelete"}, {"availableReplicas": 2}, "2 of 3 pods are available"),
    ],
)
def test_a_stateful_set_is_ready_when_what_may_be_new_is_new(
    strategy: dict[str, Any], change: dict[str, int], lacks: str
) -> None:
    """Whoever sets a partition, or deletes pods by hand, wants the others as they are."""
    spec = {"replicas": 3, "updateStrategy": strategy}

    assert lacking("StatefulSet", found(spec, **{**READY, **change})) == lacks


@pytest.mark.parametrize(
    ("strategy", "counts", "lacks"),
    [
        ("RollingUpdate", (3, 3, 3), ""),
        ("RollingUpdate", (3, 2, 3), "2 of 3 pods are of this revision"),
        ("RollingUpdate", (3, 3, 2), "2 of 3 pods are available"),
        ("OnDelete", (3, 0, 3), ""),
        ("RollingUpdate", (0, 0, 0), ""),
    ],
)
def test_a_daemon_set_is_ready_when_each_node_that_it_wants_has_it(
    strategy: str, counts: tuple[int, int, int], lacks: str
) -> None:
    """No node is enough where it wants none."""
    names = ("desiredNumberScheduled", "updatedNumberScheduled", "numberAvailable")
    counted = dict(zip(names, counts, strict=True))

    assert lacking("DaemonSet", found({"updateStrategy": {"type": strategy}}, **counted)) == lacks


@pytest.mark.parametrize(
    ("spec", "condition", "lacks"),
    [
        ({}, {"type": "Complete", "status": "True"}, ""),
        ({}, {"type": "Complete", "status": "False"}, "has not completed"),
        ({}, {"type": "Failed", "status": "True"}, "has not completed"),
        ({"suspend": True}, {}, "is suspended"),
    ],
)
def test_a_job_is_ready_when_it_is_complete(spec: dict[str, Any], condition: dict[str, str], lacks: str) -> None:
    """Whatever its pods are at."""
    assert lacking("Job", {"metadata": {"generation": 1}, "spec": spec, "status": {"conditions": [condition]}}) == lacks
