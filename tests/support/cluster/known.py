"""Clusters that settings know, and a place in one."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from shared.adapters.azure_identity import ManagedIdentity
from shared.adapters.kubernetes.clusters import Clusters
from shared.domain.policies.place import Place
from shared.domain.policies.policy import HelmTarget
from shared.ports.errors import Permanent
from shared.ports.known_cluster import KnownCluster
from tests.support.gitops import place_at

AKS = (
    "/subscriptions/11111111-1111-4111-8111-11111111111a/resourceGroups/shop"
    "/providers/Microsoft.ContainerService/managedClusters/blue"
)
SERVER = "https://blue.example.com:6443"
FOR_AKS = "6dae42f8-4368-4678-94ff-3960e28e3630"


def place(cluster: str = "blue") -> Place:
    """Somewhere in a cluster."""
    return place_at(HelmTarget(cluster=cluster))


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = timedelta(0)

    def __call__(self) -> timedelta:
        """What has passed."""
        return self.now


def clusters(
    identity: str | None = None, credential: ManagedIdentity | None = None, **more: Any
) -> Callable[..., Clusters]:
    """Make clusters known to an identity, by name."""

    def known(**known: KnownCluster) -> Clusters:
        settings: dict[str, Any] = {"kubeconfig": None, "arm": "https://arm.invalid", "elapsed": Clock(), **more}
        return Clusters(known, identity=identity, credential=credential, **settings)

    return known


def kubeconfig(server: str, pem: str, user: Mapping[str, object], **more: object) -> bytes:
    """A kubeconfig file with the context `near`."""
    data = base64.b64encode(pem.encode()).decode()
    cluster = {"server": server, **({"certificate-authority-data": data} if pem else {}), **more}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "another",
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": dict(user)}],
            "contexts": [{"name": "near", "context": {"cluster": "c", "user": "u"}}],
        }
    ).encode()


def refusal(found: Clusters, where: Place | None = None) -> str:
    """Why the API is not had: it is our own fault."""
    with pytest.raises(Permanent) as error:
        found.api(where or place())
    assert error.value.ours
    return str(error.value)
