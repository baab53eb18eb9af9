"""The nodes: large, always ready, and with a door for logs of their pods."""

from __future__ import annotations

import datetime

from tests.support.fake_kubelet.api import MERGE, Api

_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
_HAS = {"cpu": "32", "memory": "256Gi", "pods": "250", "ephemeral-storage": "500Gi"}
_CONDITIONS = (("Ready", "True"), ("MemoryPressure", "False"), ("DiskPressure", "False"), ("PIDPressure", "False"))
_INFO = {
    "architecture": "amd64",
    "operatingSystem": "linux",
    "kubeletVersion": "v1.36.3",
    "kernelVersion": "",
    "osImage": "",
    "containerRuntimeVersion": "fake://1",
    "kubeProxyVersion": "",
    "machineID": "",
    "systemUUID": "",
    "bootID": "",
}


def now() -> str:
    """Write the time as Kubernetes does."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def add_node(api: Api, name: str, log_port: int) -> None:
    """Register a node and say that it is ready; raise RuntimeError."""
    at = now()
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    made = api.ask("POST", "/api/v1/nodes", {"metadata": {"name": name, "labels": labels}})
    status = {
        "capacity": _HAS,
        "allocatable": _HAS,
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}, {"type": "Hostname", "address": name}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": log_port}},
        "conditions": [
            {"type": kind, "status": found, "reason": "Fake", "lastHeartbeatTime": at, "lastTransitionTime": at}
            for kind, found in _CONDITIONS
        ],
        "nodeInfo": _INFO,
    }
    said = api.ask("PATCH", f"/api/v1/nodes/{name}/status", {"status": status}, kind=MERGE)
    if made.status not in (201, 409) or said.status != 200:
        raise RuntimeError(f"node {name} was not registered: {made} {said}")


def renew_lease(api: Api, name: str) -> bool:
    """Say that a node lives; return whether that was heard."""
    at = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    body = {"metadata": {"name": name}, "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": at}}
    found = api.ask("PATCH", f"{_LEASES}/{name}", body, kind=MERGE)
    if found.status == 404:
        found = api.ask("POST", _LEASES, body)
    return found.status in (200, 201)
