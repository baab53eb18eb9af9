"""What the deployer may do in the namespace of an environment, and nowhere else: the Role that `make rbac` prints."""

from __future__ import annotations

from dataclasses import dataclass

RBAC = "rbac.authorization.k8s.io"
# Kubernetes' own projects that define their kinds as operators do.
_OPERATORS = frozenset({"gateway.networking.k8s.io", "snapshot.storage.k8s.io", "autoscaling.k8s.io"})
READ = ("get", "list", "watch")
WRITE = (*READ, "create", "update", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Right:
    """A rule of the Role, and why it is in it."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    why: str


# Never in it: RBAC objects, namespaces, what belongs to the cluster, pods/exec, serviceaccounts/token, escalate, bind, impersonate.
RIGHTS = (
    Right("", ("secrets",), WRITE, "Helm's records of releases, and Secrets of charts"),
    Right("", ("configmaps", "services", "serviceaccounts", "persistentvolumeclaims"), WRITE, "what charts hold"),
    Right("apps", ("deployments", "statefulsets", "daemonsets"), WRITE, "workloads"),
    Right("batch", ("jobs", "cronjobs"), WRITE, "hooks, and work of charts"),
    Right("autoscaling", ("horizontalpodautoscalers",), WRITE, "what charts hold"),
    Right("policy", ("poddisruptionbudgets",), WRITE, "what charts hold"),
    Right("networking.k8s.io", ("ingresses", "networkpolicies"), WRITE, "what charts hold"),
    Right("", ("pods",), (*READ, "create", "patch", "delete"), "to see what runs; written by hooks that are pods"),
    Right("apps", ("replicasets", "controllerrevisions"), READ, "to tell which pods are of the current revision"),
    Right("", ("pods/log", "events"), READ, "why a rollout fails"),
)


def resource_of(kind: str) -> str:
    """Name the resource of a kind, as Kubernetes forms the plural of its own."""
    name = kind.lower()
    if name.endswith("y") and name[-2:-1] not in "aeou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith("s") else f"{name}s"


_WRITTEN = {(one.group, resource) for one in RIGHTS if "create" in one.verbs for resource in one.resources}


def may_write(group: str, kind: str) -> bool:
    """Whether the deployer makes and changes objects of a kind."""
    return (group, resource_of(kind)) in _WRITTEN


def may_be_given(group: str) -> bool:
    """Whether kinds of a group may be added to the Role: those of operators, and none of Kubernetes' own."""
    return "." in group and (not group.endswith(".k8s.io") or group in _OPERATORS)


def given(kinds: tuple[str, ...]) -> tuple[Right, ...]:
    """What an environment's `deploy.helm.kinds` adds."""
    named = (one.partition("/") for one in kinds)
    return tuple(Right(group, (resource_of(kind),), WRITE, "by deploy.helm.kinds") for group, _, kind in named)
