"""What the deployer's Role lets it do, on a real API server: all that deploying takes, in its own namespace alone."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared.adapters.kubernetes import releases
from shared.adapters.kubernetes.api import Api
from shared.domain.charts.rights import RIGHTS
from shared.ports.errors import NotFound, Permanent
from tests.cluster.kube import Kube, deployment
from tests.support.cluster import deployers
from tests.support.cluster.deployers import Deployer
from tests.support.cluster.shared import Cluster

pytestmark = pytest.mark.cluster
MERGE = "application/merge-patch+json"
POD = {"spec": {"containers": [{"name": "app", "image": "shop/delivery:v1.0.0"}]}}
MANAGER = [("fieldManager", "helm")]
# What a chart may hold, as far as objects differ: the rest of each is the same.
WRITTEN: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("v1", "secrets", {}),
    ("v1", "configmaps", {}),
    ("v1", "services", {"spec": {"ports": [{"port": 80}]}}),
    ("v1", "serviceaccounts", {}),
    (
        "v1",
        "persistentvolumeclaims",
        {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}},
    ),
    ("apps/v1", "deployments", deployment("x", "shop/delivery:v1.0.0")),
    ("batch/v1", "jobs", {"spec": {"template": {"spec": {**POD["spec"], "restartPolicy": "Never"}}}}),
    (
        "batch/v1",
        "cronjobs",
        {
            "spec": {
                "schedule": "0 0 1 1 *",
                "jobTemplate": {"spec": {"template": {"spec": {**POD["spec"], "restartPolicy": "Never"}}}},
            }
        },
    ),
    (
        "autoscaling/v2",
        "horizontalpodautoscalers",
        {"spec": {"maxReplicas": 2, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"}}},
    ),
    ("policy/v1", "poddisruptionbudgets", {"spec": {"maxUnavailable": 1}}),
    ("networking.k8s.io/v1", "networkpolicies", {"spec": {"podSelector": {}}}),
    (
        "networking.k8s.io/v1",
        "ingresses",
        {"spec": {"defaultBackend": {"service": {"name": "x", "port": {"number": 80}}}}},
    ),
)


@pytest.fixture
def production(admin: Api, control_plane: Cluster) -> Iterator[Deployer]:
    """Another environment of the same cluster, with a deployer of its own."""
    with deployers.deployer(admin, control_plane.server, control_plane.ca_file) as found:
        yield found


def of(namespace: str, version: str, resource: str, *more: str) -> tuple[str, ...]:
    """The path of a resource in a namespace."""
    root = ("apis", *version.split("/")) if "/" in version else ("api", version)
    return (*root, "namespaces", namespace, resource, *more)


def forbidden(ask: Callable[[], object]) -> bool:
    """Whether the API server keeps us from it, and that is all it says."""
    try:
        ask()
    except NotFound:
        return False
    except Permanent as error:
        return ": 403 " in str(error) and "`make rbac`" in str(error)
    return False


@pytest.mark.parametrize(("version", "resource", "content"), WRITTEN, ids=[one[1] for one in WRITTEN])
def test_the_deployer_writes_what_charts_hold(
    deployer: Deployer, version: str, resource: str, content: dict[str, Any]
) -> None:
    """It makes, reads, lists, changes and deletes, as Helm does."""
    api, path = deployer.api, of(deployer.namespace, version, resource)
    made = api.post(path, {**content, "metadata": {"name": "x"}})
    again = api.patch((*path, "x"), {"metadata": {"labels": {"by": "us"}}}, MANAGER, kind=MERGE)

    assert again["metadata"]["uid"] == made["metadata"]["uid"]
    assert "x" in [one["metadata"]["name"] for one in api.get(path)["items"]]
    assert api.get((*path, "x"))["metadata"]["labels"]["by"] == "us"
    api.delete((*path, "x"))


def test_the_deployer_reads_helms_records(deployer: Deployer) -> None:
    """There is no release yet, which it may know."""
    assert releases.history(deployer.api, deployer.namespace, "delivery") == ()


@pytest.mark.parametrize(
    ("version", "resource"), [("apps/v1", "replicasets"), ("apps/v1", "controllerrevisions"), ("v1", "events")]
)
def test_the_deployer_reads_what_tells_why_a_rollout_fails(deployer: Deployer, version: str, resource: str) -> None:
    """And writes none of it."""
    path = of(deployer.namespace, version, resource)

    assert "items" in deployer.api.get(path)
    assert forbidden(lambda: deployer.api.post(path, {"metadata": {"name": "x"}}))


@pytest.mark.usefixtures("own_control_plane")
def test_what_the_api_server_lets_the_deployer_do_is_what_is_written_down(deployer: Deployer) -> None:
    """By its own account of our rules; what everybody has is about oneself."""
    path = ("apis", "authorization.k8s.io", "v1", "selfsubjectrulesreviews")
    status = deployer.api.post(path, {"spec": {"namespace": deployer.namespace}})["status"]
    everybodys = {"selfsubjectreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews"}
    found = {
        (group, resource, verb)
        for rule in status["resourceRules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        if resource not in everybodys
    }

    assert found == {(one.group, resource, verb) for one in RIGHTS for resource in one.resources for verb in one.verbs}


def test_attack_use_qas_token_in_productions_namespace(deployer: Deployer, production: Deployer) -> None:
    """Nothing there is read or written, not even whether it is there; its own deployer may."""
    api, secrets = deployer.api, of(production.namespace, "v1", "secrets")
    production.api.post(secrets, {"metadata": {"name": "password"}})
    for version, resource, content in WRITTEN:
        path = of(production.namespace, version, resource)
        body = {**content, "metadata": {"name": "x"}}
        assert forbidden(lambda path=path: api.get(path)), resource  # type: ignore[misc]  # bound by its default
        assert forbidden(lambda path=path: api.get((*path, "x"))), resource  # type: ignore[misc]
        assert forbidden(lambda path=path, body=body: api.post(path, body)), resource  # type: ignore[misc]
        assert forbidden(lambda path=path, body=body: api.put((*path, "x"), body)), resource  # type: ignore[misc]
        assert forbidden(lambda path=path: api.patch((*path, "x"), {}, MANAGER, kind=MERGE)), resource  # type: ignore[misc]
        assert forbidden(lambda path=path: api.delete((*path, "x"))), resource  # type: ignore[misc]

    assert forbidden(lambda: releases.history(api, production.namespace, "delivery"))
    assert forbidden(lambda: api.follow(secrets, (), seconds=1))
    assert production.api.get((*secrets, "password"))["metadata"]["name"] == "password"


@pytest.mark.parametrize("resource", ["secrets", "pods", "configmaps", "namespaces", "nodes", "persistentvolumes"])
def test_attack_look_at_the_whole_cluster(deployer: Deployer, resource: str) -> None:
    """A list over all namespaces is a list of production's."""
    assert forbidden(lambda: deployer.api.get(("api", "v1", resource)))


RBAC = "rbac.authorization.k8s.io/v1"
EVERYTHING = {"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}
TO_ITSELF = {
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
    "subjects": [{"kind": "ServiceAccount", "name": "deployer", "namespace": "NAMESPACE"}],
}


@pytest.mark.parametrize(
    ("version", "resource", "content"),
    [
        (RBAC, "roles", EVERYTHING),
        (RBAC, "rolebindings", TO_ITSELF),
        ("v1", "serviceaccounts/default/token", {"spec": {"expirationSeconds": 600}}),
        ("v1", "pods/x/exec", {}),
        ("v1", "pods/x/eviction", {}),
        ("v1", "pods/x/portforward", {}),
        ("v1", "resourcequotas", {}),
        ("v1", "limitranges", {}),
        ("v1", "endpoints", {}),
        ("discovery.k8s.io/v1", "endpointslices", {"addressType": "IPv4", "endpoints": []}),
    ],
)
def test_attack_get_more_rights_in_ones_own_namespace(
    deployer: Deployer, version: str, resource: str, content: dict[str, Any]
) -> None:
    """No rules, no tokens, no commands in containers, no way around quotas, no traffic led elsewhere."""
    path = of(deployer.namespace, version, *resource.split("/"))

    assert forbidden(lambda: deployer.api.post(path, {**content, "metadata": {"name": "x"}}))


def test_attack_change_what_administrators_own(deployer: Deployer) -> None:
    """The namespace with its labels, the Role and the binding by which it may do anything at all."""
    api, rbac = deployer.api, of(deployer.namespace, RBAC, "roles", "slipway-deployer")
    namespace = ("api", "v1", "namespaces", deployer.namespace)
    unlabelled = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}}

    assert forbidden(lambda: api.patch(namespace, unlabelled, kind=MERGE))
    assert forbidden(lambda: api.delete(namespace))
    assert forbidden(lambda: api.post(("api", "v1", "namespaces"), {"metadata": {"name": "x"}}))
    assert forbidden(lambda: api.patch(rbac, EVERYTHING, kind=MERGE))
    assert forbidden(lambda: api.post(("apis", *RBAC.split("/"), "clusterrolebindings"), {"metadata": {"name": "x"}}))


def test_attack_act_as_somebody_else(deployer: Deployer) -> None:
    """`impersonate` is in no rule of its."""
    headers = {"Impersonate-User": "admin", "Impersonate-Group": "system:masters"}
    refused = deployer.api._answer
    path = of(deployer.namespace, "v1", "secrets")

    assert forbidden(lambda: refused("GET", path, (), None, headers))


def test_attack_run_a_container_as_root(deployer: Deployer) -> None:
    """The namespace's labels keep a pod out, and the reason is the release's fault and no missing right."""
    with pytest.raises(Permanent, match=r"violates PodSecurity \"restricted") as refused:
        deployer.api.post(of(deployer.namespace, "v1", "pods"), {"metadata": {"name": "x"}, **POD})

    assert not refused.value.ours
    assert "make rbac" not in str(refused.value)


def test_what_a_quota_forbids_is_no_missing_right(admin: Api, kube: Kube, deployer: Deployer) -> None:
    """Said as the API server says it."""
    quota = {"metadata": {"name": "q"}, "spec": {"hard": {"count/jobs.batch": "0"}}}
    path = of(deployer.namespace, "v1", "resourcequotas")
    admin.post(path, quota)
    kube.until(lambda: admin.get((*path, "q"))["status"].get("hard"))
    [job] = [content for _, resource, content in WRITTEN if resource == "jobs"]

    def made() -> object:
        return deployer.api.post(of(deployer.namespace, "batch/v1", "jobs"), {**job, "metadata": {"name": "x"}})

    with pytest.raises(Permanent, match="exceeded quota: q") as refused:
        made()

    assert not refused.value.ours
    assert "make rbac" not in str(refused.value)


def test_attack_read_more_of_a_token_than_it_says(deployer: Deployer) -> None:
    """It ends, and is for one ServiceAccount of one namespace."""
    claims = deployer.connection.token().split(".")[1]
    said = base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)).decode()

    assert f"system:serviceaccount:{deployer.namespace}:deployer" in said
    assert '"exp":' in said
