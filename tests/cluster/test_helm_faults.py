"""Whose fault it is when Helm says no: each row made on a real API server, with a deployer's rights."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.policies.policy import HelmTarget
from shared.domain.values.records import replace as replaced
from shared.ports.errors import AdapterError, Permanent, Transient
from tests.cluster.kube import Kube
from tests.support.helm.shop import HOOK, Shop, image

pytestmark = pytest.mark.cluster

ROLE = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: mine}\nrules: []\n"
UNKNOWN = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n"
TYPO = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: typo}\ndata: [a]\n"
CLAIM = """apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: disk}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: %s}}}
"""
LOOKUP = """apiVersion: v1
kind: ConfigMap
metadata: {name: looks}
data: {found: "{{ if lookup "v1" "ConfigMap" .Release.Namespace "kube-root-ca.crt" }}yes{{ else }}no{{ end }}"}
"""


def refused(shop: Shop, **order: Any) -> AdapterError:
    """Apply, and return what is raised."""
    with pytest.raises(AdapterError) as error:
        shop.applier.apply(shop.order("1.0.1", **order))
    return error.value


@pytest.mark.parametrize(
    ("template", "ours", "words"),
    [
        (ROLE, True, "is forbidden.*make rbac"),
        (UNKNOWN, False, "no matches for kind.*the cluster does not know this kind"),
        (TYPO, False, "correct the chart"),
        (HOOK % ("pre-upgrade,pre-install", "fail", "0"), False, "hooks failed.*look at the hook's Job"),
        (LOOKUP, False, "templates/more.yaml otherwise than what was checked"),
    ],
    ids=["role", "unknown-kind", "type", "hook", "lookup"],
)
def test_a_chart_that_cannot_be_applied(shop: Shop, template: str, ours: bool, words: str) -> None:
    """It says whose fault that is, and what to do."""
    shop.applier.apply(shop.order("1.0.0"))

    error = refused(shop, templates={"more.yaml": template})

    assert isinstance(error, Permanent)
    assert error.ours is ours
    assert _matches(words, str(error))
    assert shop.image() == image("1.0.0")


def test_an_immutable_field(shop: Shop) -> None:
    """A claim's size cannot be less."""
    shop.applier.apply(shop.order("1.0.0", templates={"more.yaml": CLAIM % "2Gi"}))

    error = refused(shop, templates={"more.yaml": CLAIM % "1Gi"})

    assert isinstance(error, Permanent)
    assert not error.ours


def test_the_same_refusal_again_is_said_again(shop: Shop) -> None:
    """Redelivered, nothing is tried anew that failed for good."""
    order = shop.order("1.0.0", {"replicas": "many"})
    with pytest.raises(Permanent):
        shop.applier.apply(order)

    with pytest.raises(Permanent, match="failed to create typed patch object"):
        shop.applier.apply(order)

    assert shop.history() == [(1, "failed")]


def test_a_quota(shop: Shop, kube: Kube) -> None:
    """Of the namespace, on objects of the chart itself."""
    spec = {"hard": {"count/configmaps": "1"}}
    kube.core.create_namespaced_resource_quota(shop.deployer.namespace, {"metadata": {"name": "q"}, "spec": spec})

    def full() -> bool:
        found = kube.core.read_namespaced_resource_quota("q", shop.deployer.namespace).status
        return bool(found.used and found.used.get("count/configmaps") == "1")

    kube.until(full)
    error = refused(shop)

    assert isinstance(error, Permanent)
    assert not error.ours
    assert "exceeded quota" in str(error)


def test_an_object_that_is_nobodys(shop: Shop) -> None:
    """It is named, and never taken."""
    path = ("api", "v1", "namespaces", shop.deployer.namespace, "configmaps")
    shop.deployer.api.post(path, {"metadata": {"name": "delivery-a"}})

    error = refused(shop)

    assert isinstance(error, Permanent)
    assert not error.ours
    assert _matches('ConfigMap "delivery-a".*adopt the object, or delete it', str(error))


def test_a_namespace_that_is_not_there(shop: Shop) -> None:
    """It is never made by Slipway."""
    order = shop.order("1.0.0")
    away = replace(order, place=replace_namespace(shop))

    with pytest.raises(Permanent, match="make rbac") as error:
        shop.applier.apply(away)

    assert error.value.ours


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"token": lambda: "expired"}, Permanent, "does not know our token"),
        ({"token": str}, Permanent, "was shown no token"),
        ({"authority": ""}, Permanent, "certificate"),
        ({"server": "https://127.0.0.1:1"}, Transient, "refused"),
    ],
    ids=["token", "nobody", "authority", "refused"],
)
def test_a_cluster_that_does_not_let_us_in(shop: Shop, change: dict[str, Any], kind: type, words: str) -> None:
    """As Helm's child meets it, whoever looked before."""
    connection = replace(shop.deployer.connection, **change)
    shop.connection = connection

    error = refused(shop)

    assert isinstance(error, kind)
    assert _matches(words, str(error))


def test_a_hook_that_takes_too_long(shop: Shop) -> None:
    """The release's fault, which names the setting."""
    shop.target = HelmTarget(cluster="test", timeout=timedelta(seconds=2))

    error = refused(shop, templates={"more.yaml": HOOK % ("pre-install", "complete", "600")})

    assert isinstance(error, Permanent)
    assert not error.ours
    assert _matches("deploy.helm.timeout|hook", str(error))


def _matches(words: str, said: str) -> bool:
    assert re.search(words, said, re.DOTALL), said
    return True


def replace_namespace(shop: Shop) -> Any:
    """The same place in a namespace that nobody made."""
    return replaced(shop.place, namespace="nobody-made-it")
