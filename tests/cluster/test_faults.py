"""A cluster that is down, slow, busy or broken while Helm deploys: nothing twice, nothing lost, and clear words."""

from __future__ import annotations

import base64
import os
import signal
import socket
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.connection import ClusterConnection
from shared.domain.policies.policy import HelmTarget
from shared.ports.applier import DeployOrder, DeployReport
from shared.ports.errors import AdapterError, Permanent, Transient
from tests.cluster.kube import Kube
from tests.support.cluster import deployers
from tests.support.cluster.door import Asked, Door, Fate
from tests.support.cluster.shared import Cluster, cluster
from tests.support.helm.clients import Client, children
from tests.support.helm.shop import Shop, image
from tests.support.machine import kube as kube_programs

pytestmark = pytest.mark.cluster
LATER = timedelta(minutes=10)


@pytest.fixture
def door(control_plane: Cluster, shop: Shop) -> Iterator[Door]:
    """A door that the shop's applier and Helm's child go through; a release is there already."""
    shop.applier.apply(shop.order("1.0.0"))
    with Door(control_plane.server, control_plane.ca_file).open() as opened:
        seen = replace(shop.deployer.connection, server=opened.url)
        api = Api(seen)
        shop.deployer = replace(shop.deployer, connection=seen, api=api)
        yield opened
        opened.decide = lambda asked: "pass"
        api.close()


def in_the_end(shop: Shop, order: DeployOrder) -> DeployReport:
    """Deliver an order again and again, as a queue does, with time passing in between."""
    for _ in range(5):
        try:
            return shop.applier.apply(order)
        except Transient:
            shop.late += LATER
    raise AssertionError("it did not come to an end")


def deployed_once(shop: Shop, version: str) -> None:
    """What was ordered runs, by one revision that says so, and no client is at it."""
    history = shop.history()
    assert shop.image() == image(version)
    # Of the revision before, Helm says so too where it could not write that it is over; the newest one counts.
    assert [status for number, status in history if number > 1].count("deployed") == 1
    assert history[-1][1] == "deployed"
    assert not any(status.startswith("pending") for _, status in history)
    assert children() == []


@pytest.mark.parametrize("fate", ["cut", 429, 500, 503])
def test_a_server_that_refuses_everything_is_worth_another_try(shop: Shop, door: Door, fate: Fate) -> None:
    """Said are the cluster and what it answered."""
    order = shop.order("1.0.1")
    door.decide = lambda asked: fate

    with pytest.raises(Transient, match="cluster"):
        shop.applier.apply(order)

    door.decide = lambda asked: "pass"
    in_the_end(shop, order)
    deployed_once(shop, "1.0.1")


@pytest.mark.parametrize("fate", ["cut", 503])
@pytest.mark.parametrize("write", [1, 2, 3, 4, 5])
def test_a_write_that_fails_is_made_good(shop: Shop, door: Door, write: int, fate: Fate) -> None:
    """Whichever of Helm's it is."""
    order = shop.order("1.0.1", {"replicas": 2})
    door.decide = lambda asked: fate if asked.method != "GET" and asked.write == write else "pass"

    in_the_end(shop, order)

    deployed_once(shop, "1.0.1")


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("write", [1, 2, 3, 4, 5])
def test_a_client_that_is_killed_at_a_write_is_healed(shop: Shop, door: Door, write: int, place: str) -> None:
    """Just before the server has it, and just after."""
    order = shop.order("1.0.1", {"replicas": 2})

    def kill(_: Asked) -> None:
        for pid in children():
            os.kill(pid, signal.SIGKILL)

    def decide(asked: Asked) -> Fate:
        if asked.method == "GET" or asked.write != write:
            return "pass"
        if place == "before":
            kill(asked)
        return "cut" if place == "before" else "lose"

    door.decide, door.lost = decide, kill
    in_the_end(shop, order)

    deployed_once(shop, "1.0.1")


def test_a_server_that_never_answers_ends_with_the_time_out(shop: Shop, door: Door) -> None:
    """No worker waits for ever, and the order comes again."""
    order = shop.order("1.0.1")
    shop.target = HelmTarget(cluster="test", timeout=timedelta(seconds=2))
    shop.processes.grace = 1
    slow = replace(order, place=shop.place)
    door.decide = lambda asked: "hang" if asked.method != "GET" else "pass"

    with pytest.raises(AdapterError) as error:
        shop.applier.apply(slow)

    assert isinstance(error.value, Transient) or "deploy.helm.timeout" in str(error.value)
    assert children() == []
    door.decide = lambda asked: "pass"


def test_a_token_that_expired_is_our_own_fault(shop: Shop, door: Door) -> None:
    """It is said whose identity to look at."""
    order = shop.order("1.0.1")
    door.decide = lambda asked: 401

    with pytest.raises(Permanent, match="look at the environment's identity") as error:
        shop.applier.apply(order)

    assert error.value.ours


def test_a_webhook_that_hangs_is_worth_another_try(shop: Shop, kube: Kube, control_plane: Cluster) -> None:
    """The cluster's own, which Helm's objects pass through; said is which one."""
    shop.applier.apply(shop.order("1.0.0"))
    order, name = shop.order("1.0.1", {"config": "b"}), f"hangs-{shop.deployer.namespace}"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
        hook = {
            "name": "hangs.example.com",
            "clientConfig": {"url": url, "caBundle": base64.b64encode(control_plane.ca_file.read_bytes()).decode()},
            "rules": [rule],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": shop.deployer.namespace}},
            "timeoutSeconds": 1,
            "failurePolicy": "Fail",
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }
        kube.admission.create_validating_webhook_configuration({"metadata": {"name": name}, "webhooks": [hook]})
        try:
            kube.until(lambda: _refuses(shop))
            with pytest.raises(Transient, match=r"hangs\.example\.com"):
                shop.applier.apply(order)
        finally:
            kube.admission.delete_validating_webhook_configuration(name)

    kube.until(lambda: not _refuses(shop))
    in_the_end(shop, order)
    deployed_once(shop, "1.0.1")


def _refuses(shop: Shop) -> bool:
    """Whether the webhook is in force, as an object that is made for show tells."""
    path = ("api", "v1", "namespaces", shop.deployer.namespace, "configmaps")
    try:
        shop.deployer.api.post(path, {"metadata": {"name": "for-show"}}, [("dryRun", "All")])
    except Transient:
        return True
    return False


def test_a_store_that_is_stopped_for_a_while_loses_nothing(tmp_path: Path, registry: str) -> None:
    """etcd answers nobody in the middle of a deployment, and goes on."""
    programs = kube_programs.find()
    assert programs is not None
    with cluster(programs, f"own-{uuid.uuid4().hex[:8]}") as own:
        token = own.token("admin")
        admin = Api(
            ClusterConnection(name="own", server=own.server, authority=own.ca_file.read_text(), token=lambda: token)
        )
        with deployers.deployer(admin, own.server, own.ca_file) as deployer:
            shop = Shop(registry, tmp_path, deployer)
            shop.applier.apply(shop.order("1.0.0"))
            order = shop.order("1.0.1")
            with Client(shop, lambda: shop.applier.apply(order)) as client:
                client.until_child()
                os.kill(own.pids["etcd"], signal.SIGSTOP)
                threading.Event().wait(3)
                os.kill(own.pids["etcd"], signal.SIGCONT)
                client.join()

            in_the_end(shop, order)
            deployed_once(shop, "1.0.1")
        admin.close()
