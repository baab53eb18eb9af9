"""Releases as Helm leaves them in a cluster: objects, and a record of what was applied, made without Helm."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import yaml

from shared.adapters.helm.marks import RevisionMark
from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.watcher import KubernetesWatcher
from shared.domain.policies.patience import Patience
from shared.domain.policies.place import Place
from shared.domain.policies.policy import HelmTarget
from shared.domain.values.names import ServiceKey
from tests.support.cluster.deployers import path_of

IMAGE = f"shop/delivery:v1.0.0@sha256:{'ab' * 32}"
NAME, EFFECT = "delivery", "effect-of-delivery-1"
# Shorter than people choose it, and as certain.
SHORT = Patience(create=timedelta(seconds=1), pull=timedelta(seconds=1), restarts=1)
ENDLESS = Patience(create=timedelta(hours=1), pull=timedelta(hours=1), restarts=100)
_SAFE = {
    "runAsNonRoot": True,
    "runAsUser": 10001,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def workload(
    kind: str = "Deployment",
    *,
    image: str = IMAGE,
    more: Sequence[Mapping[str, Any]] = (),
    pod: Mapping[str, Any] | None = None,
    spec: Mapping[str, Any] | None = None,
    safe: bool = True,
    name: str = NAME,
    **annotations: str,
) -> dict[str, Any]:
    """Build a workload; `more` are containers, `pod` and `spec` win over what it has, annotations are the fake kubelet's."""
    labels, job = {"app": name}, kind == "Job"
    safely = {"securityContext": _SAFE} if safe else {}
    containers = [{"name": "app", "image": image, **safely}, *({**one, **safely} for one in more)]
    told = {f"fakelet/{key.replace('_', '-')}": value for key, value in annotations.items()}
    template = {
        "metadata": {"labels": labels, "annotations": told},
        "spec": {"containers": containers, **({"restartPolicy": "Never"} if job else {}), **(pod or {})},
    }
    rest: dict[str, Any] = {"backoffLimit": 0} if job else {"selector": {"matchLabels": labels}}
    rest |= {"serviceName": name} if kind == "StatefulSet" else {}
    return {
        "apiVersion": "batch/v1" if job else "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {**rest, "template": template, **(spec or {})},
    }


def place(namespace: str, patience: Patience = SHORT) -> Place:
    """Where the release is."""
    service = ServiceKey(repository="shop", service=NAME)
    target = HelmTarget(cluster="test")
    return Place(
        service=service, environment="qa", namespace=namespace, release_name=NAME, target=target, patience=patience
    )


def watcher(api: Api, *, seconds: float = 10.0) -> KubernetesWatcher:
    """Watch by that API."""

    def parse(manifests: bytes) -> list[Mapping[str, object]]:
        return [one for one in yaml.safe_load_all(manifests) if one]

    return KubernetesWatcher(lambda _: api, parse, seconds=seconds)


def install(
    api: Api,
    namespace: str,
    *objects: Mapping[str, Any],
    number: int = 1,
    written: Sequence[Mapping[str, Any]] | None = None,
    effect: str = EFFECT,
    status: str = "deployed",
) -> str:
    """Write a record of these objects, and then apply them, or what was `written` instead; return the revision."""
    record(api, namespace, *objects, number=number, effect=effect, status=status)
    for one in objects if written is None else written:
        placed = {**one, "metadata": {**one["metadata"], "namespace": namespace}}
        options = [("fieldManager", "helm"), ("force", "true")]
        api.patch(path_of(placed), placed, options, kind="application/apply-patch+yaml")
    return f"{number}/{effect}"


def record(
    api: Api,
    namespace: str,
    *objects: Mapping[str, Any],
    number: int = 1,
    effect: str = EFFECT,
    status: str = "deployed",
    labels: Mapping[str, str] | None = None,
) -> None:
    """Write what Helm writes of a revision."""
    manifest = "".join(f"---\n{json.dumps(one)}\n" for one in objects)
    info = {"status": status, "description": f"{NAME} by promotion {number}"}
    content = {"name": NAME, "version": number, "info": info, "manifest": manifest, "config": {}, "chart": {}}
    packed = base64.b64encode(gzip.compress(json.dumps(content).encode()))
    own = RevisionMark(effect, turn=number, until=0).labels(number) if labels is None else dict(labels)
    secret = {
        "metadata": {
            "name": f"sh.helm.release.v1.{NAME}.v{number}",
            "labels": {"owner": "helm", "name": NAME, "status": status, "version": str(number), **own},
        },
        "type": "helm.sh/release.v1",
        "data": {"release": base64.b64encode(packed).decode()},
    }
    api.post(("api", "v1", "namespaces", namespace, "secrets"), secret)
