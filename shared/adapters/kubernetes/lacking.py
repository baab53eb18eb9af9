"""What a workload has not reached yet, in words, by the same counts as `kubectl rollout status`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shared.adapters.kubernetes.reading import Json, number, part, parts
from shared.domain.values.words import counted


def lacking(kind: str, found: Json) -> str:
    """Say what is missing; empty where all is well."""
    status = part(found, "status")
    if kind != "Job" and number(status.get("observedGeneration")) < number(part(found, "metadata").get("generation")):
        return "its controller has not seen it yet"
    return _LACKING[kind](part(found, "spec"), status)


def _deployment(spec: Json, status: Json) -> str:
    if spec.get("paused"):
        return "is paused"
    wanted, updated = number(spec.get("replicas"), 1), number(status.get("updatedReplicas"))
    old, available = number(status.get("replicas")) - updated, number(status.get("availableReplicas"))
    return _pods(wanted, updated, old, available)


def _stateful_set(spec: Json, status: Json) -> str:
    wanted, strategy = number(spec.get("replicas"), 1), part(spec, "updateStrategy")
    available = number(status.get("availableReplicas"))
    if strategy.get("type") == "OnDelete":
        return _pods(wanted, wanted, 0, available)
    # Whoever sets a partition wants that many pods to stay as they are.
    left = number(part(strategy, "rollingUpdate").get("partition"))
    updated = number(status.get("updatedReplicas"))
    old = number(status.get("replicas")) - updated if not left else 0
    return _pods(max(0, wanted - left), updated, old, available, all_of=wanted)


def _daemon_set(spec: Json, status: Json) -> str:
    wanted, available = number(status.get("desiredNumberScheduled")), number(status.get("numberAvailable"))
    if part(spec, "updateStrategy").get("type") == "OnDelete":
        return _pods(wanted, wanted, 0, available)
    return _pods(wanted, number(status.get("updatedNumberScheduled")), 0, available)


def _job(spec: Json, status: Json) -> str:
    done = {one.get("type") for one in parts(status, "conditions") if one.get("status") == "True"}
    if "Complete" in done:
        return ""
    return "is suspended" if spec.get("suspend") else "has not completed"


def _pods(wanted: int, updated: int, old: int, available: int, *, all_of: int | None = None) -> str:
    wanted_in_all = wanted if all_of is None else all_of
    if updated < wanted:
        return f"{updated} of {wanted} pods are of this revision"
    if available < wanted_in_all:
        return f"{available} of {wanted_in_all} pods are available"
    return f"{counted(old, 'old pod')} must go yet" if old > 0 else ""


_LACKING: Mapping[str, Callable[[Json, Json], str]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
}
