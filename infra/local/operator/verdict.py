"""What a cluster would make of manifests, decided by looking at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from shared.adapters.helm_charts import HelmCharts
from shared.ports.chart import UnreadManifests
from shared.ports.errors import Permanent

FAIL_ANNOTATION = "demo.slipway.dev/fail"
FAIL_VARIABLE = "FAIL_ROLLOUT"
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


class Health(StrEnum):
    """What status.yaml may say."""

    HEALTHY = "Healthy"
    PROGRESSING = "Progressing"
    DEGRADED = "Degraded"


class RolloutVerdict(NamedTuple):
    """How a folder's objects are doing, with the reason for people."""

    health: Health
    message: str


def judge(manifests: bytes | None) -> RolloutVerdict:
    """Degraded where the manifests cannot be applied or ask to fail, healthy otherwise; None means nothing is deployed."""
    if manifests is None:
        return RolloutVerdict(Health.HEALTHY, "nothing is deployed")
    try:
        # Read as Slipway judged them, and as a cluster's tools do.
        documents = HelmCharts().parse(manifests)
    except UnreadManifests as unread:
        # What not everybody reads alike, and was let past a gate, is applied as Helm reads it.
        if not unread.whole:
            return _unfit(unread)
        documents = unread.objects
    except Permanent as error:
        return _unfit(error)
    healthy = []
    for number, document in enumerate(documents, 1):
        name = _name(document)
        if name is None:
            return RolloutVerdict(
                Health.DEGRADED, f"document {number} is no object with apiVersion, kind and metadata.name"
            )
        if document["kind"] in _WORKLOADS:
            replicas = _at(document, "spec").get("replicas", 1)
            fault = next(_faults(document), None)
            if not isinstance(replicas, int):
                return RolloutVerdict(Health.DEGRADED, f"{name}: spec.replicas is no whole number")
            if fault is not None:
                return RolloutVerdict(Health.DEGRADED, f"{name}: 0 of {replicas} replicas ready: {fault}")
            healthy.append(f"{name}: {replicas} of {replicas} replicas ready")
    return RolloutVerdict(Health.HEALTHY, "; ".join(healthy) or f"{len(documents)} objects applied")


def _unfit(error: Permanent) -> RolloutVerdict:
    return RolloutVerdict(Health.DEGRADED, f"manifests.yaml cannot be applied: {' '.join(str(error).split())[:300]}")


def _name(document: Mapping[str, object]) -> str | None:
    name = _at(document, "metadata").get("name")
    return f"{document['kind']} {name}" if document.get("apiVersion") and document.get("kind") and name else None


def _faults(workload: Mapping[str, object]) -> Iterator[str]:
    template = _at(workload, "spec", "template")
    for notes in (_at(workload, "metadata", "annotations"), _at(template, "metadata", "annotations")):
        if _true(notes.get(FAIL_ANNOTATION)):
            yield f"the annotation {FAIL_ANNOTATION} asks for it"
    containers = _at(template, "spec").get("containers")
    for container in containers if isinstance(containers, list) else ():
        if not isinstance(container, dict):
            yield "a container is no mapping"
            continue
        if not container.get("image"):
            yield f"container {container.get('name')} has no image"
        environment = container.get("env")
        for variable in environment if isinstance(environment, list) else ():
            if isinstance(variable, dict) and variable.get("name") == FAIL_VARIABLE and _true(variable.get("value")):
                yield f"container {container.get('name')} restarts again and again ({FAIL_VARIABLE} is set)"


def _at(node: object, *keys: str) -> Mapping[str, object]:
    for key in keys:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node if isinstance(node, Mapping) else {}


def _true(value: object) -> bool:
    return str(value).casefold() == "true"
