"""What the deployer's Role lets it do, on a real API server: all that deploying takes, in its own namespace alone."""

from __future__ import annotations

import pytest

from tests.cluster.kube import deployment
from tests.support.cluster.deployers import Deployer

pytestmark = pytest.mark.cluster


def test_the_deployer_writes_workloads_and_helms_records(deployer: Deployer) -> None:
    """In its own namespace."""
    apps = ("apis", "apps", "v1", "namespaces", deployer.namespace, "deployments")
    deployer.api.post(apps, deployment("delivery", "shop/delivery:v1.0.0"))

    assert deployer.api.get((*apps, "delivery"))["metadata"]["name"] == "delivery"
