"""A control plane for all tests that need one: the run's own, shared by its processes, or a cluster that it was given."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes import client

from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.connection import ClusterConnection
from tests.cluster.kube import Kube
from tests.support.cluster import deployers
from tests.support.cluster.deployers import Deployer
from tests.support.cluster.given import given_cluster
from tests.support.cluster.names import CONTEXT, context, new_name
from tests.support.cluster.shared import Cluster, cluster
from tests.support.helm.shop import Shop
from tests.support.machine import kube as programs
from tests.support.machine.parts import required
from tests.support.registries import embedded_registry


@pytest.fixture(scope="session")
def control_plane(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A running control plane; a test that asks for it waits for its programs to be built."""
    if context():
        with given_cluster() as given:
            yield given
        return
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def say(text: str) -> None:
        with capture.global_and_fixture_disabled():
            os.write(2, f"\n{text}\n".encode())

    found = programs.wait(say)
    if found is None:
        tell = pytest.fail if required("kube") else pytest.skip
        tell(f"did not run: {programs.reason()}")
    with cluster(found, os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())) as made:
        yield made


@pytest.fixture(scope="session")
def own_control_plane(control_plane: Cluster) -> Cluster:
    """The control plane where it is ours to stop, disturb and count on; else the test says that it did not run."""
    if context():
        pytest.skip(f"did not run: it needs a control plane of its own, and {CONTEXT} gives another")
    return control_plane


@pytest.fixture(scope="session")
def fake_kubelet(own_control_plane: Cluster) -> None:
    """Pods that get ready, or fail, as a test asks: no image is run. Real nodes would have to pull what does not exist."""


@pytest.fixture(scope="session")
def kube(control_plane: Cluster) -> Iterator[Kube]:
    """The API server, as an administrator."""
    with Kube(control_plane.server, control_plane.ca_file, control_plane.token("admin")) as found:
        yield found


@pytest.fixture
def namespace(kube: Kube) -> Iterator[str]:
    """A namespace of the test's own; nobody waits until it is gone."""
    name = new_name()
    kube.core.create_namespace({"metadata": {"name": name}})
    kube.until(lambda: kube.core.read_namespaced_service_account("default", name), missing=True)
    yield name
    kube.core.delete_namespace(name, body=client.V1DeleteOptions(grace_period_seconds=0))


@pytest.fixture(scope="session")
def admin(control_plane: Cluster) -> Iterator[Api]:
    """The API as the product asks it, with all rights: for what tests prepare, never for what they test."""
    token, authority = control_plane.token("admin"), control_plane.ca_file.read_text()
    api = Api(ClusterConnection(name="admin", server=control_plane.server, authority=authority, token=token.__str__))
    yield api
    api.close()


@pytest.fixture
def deployer(admin: Api, control_plane: Cluster) -> Iterator[Deployer]:
    """Whoever may deploy to a namespace of the test's own, with the Role that `make rbac` prints and nothing else."""
    with deployers.deployer(admin, control_plane.server, control_plane.ca_file) as found:
        yield found


@pytest.fixture(scope="session")
def registry() -> Iterator[str]:
    """Where charts are pulled from."""
    with embedded_registry() as host:
        yield host


@pytest.fixture
def shop(registry: str, deployer: Deployer, tmp_path: Path) -> Shop:
    """A service that is deployed with Helm to a namespace of the test's own."""
    return Shop(registry, tmp_path, deployer)
