"""What belongs elsewhere than where it would be deployed is found before Helm is refused it, or another environment gets it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.charts.belonging import Home
from shared.domain.charts.hooks import HOOK
from shared.domain.charts.manifests import CHANGE_CAUSE, findings
from shared.domain.charts.rights import RIGHTS, given, may_be_given, may_write, resource_of

IMAGE = f"localhost:5000/delivery:v1.0.2@sha256:{'1' * 64}"
OTHERS = (("backend", "production"),)
HELM = Home(namespace="backend-qa", others=OTHERS, kinds=())
GITOPS = Home(namespace="backend-qa", others=OTHERS)
LACKS = "the deployer's Role lacks"


def deployment(**spec: Any) -> dict[str, Any]:
    """One that complies."""
    pod = {"securityContext": {"runAsNonRoot": True}, "containers": [{"name": "a", "image": IMAGE}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "delivery", "annotations": {CHANGE_CAUSE: "v1.0.2"}},
        "spec": {"template": {"spec": pod}, **spec},
    }


def an_object(kind: str, version: object = "v1", namespace: object = None, **content: Any) -> dict[str, Any]:
    """Something beside it."""
    metadata = {"name": "x", **({"namespace": namespace} if namespace is not None else {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **content}


def found(*beside: dict[str, Any], home: Home | None = HELM, **spec: Any) -> dict[str, str]:
    """What does not comply, by object and field."""
    told = findings([deployment(**spec), *beside], image=IMAGE, home=home)
    return {f"{one.object} {one.field}": one.problem for one in told}


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("v1", "Service"),
        ("v1", "Secret"),
        ("v1", "ServiceAccount"),
        ("v1", "PersistentVolumeClaim"),
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
        ("networking.k8s.io/v1", "Ingress"),
        ("policy/v1", "PodDisruptionBudget"),
    ],
)
def test_what_the_role_holds_complies(version: str, kind: str) -> None:
    """Also where it names its own namespace."""
    assert found(an_object(kind, version)) == {}
    assert found(an_object(kind, version, "backend-qa")) == {}


@pytest.mark.parametrize(
    ("version", "kind", "problem"),
    [
        ("rbac.authorization.k8s.io/v1", "Role", "gives rights, and the deployer's Role holds none of these"),
        ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "gives rights"),
        ("v1", "Namespace", "is the administrators' to make (make rbac prints it)"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "defines a kind for the whole cluster"),
        ("storage.k8s.io/v1", "StorageClass", "belongs to the whole cluster"),
        ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "belongs to the whole cluster"),
        ("v1", "PersistentVolume", "belongs to the whole cluster"),
        ("v1", "ResourceQuota", f"is of a kind that deployments do not need: {LACKS} resourcequotas; take it out"),
        ("apps/v1", "ControllerRevision", f"{LACKS} controllerrevisions of apps; take it out"),
        ("extensions/v1beta1", "Ingress", f"{LACKS} ingresses of extensions; take it out"),
        ("discovery.k8s.io/v1", "EndpointSlice", f"{LACKS} endpointslices of discovery.k8s.io; take it out"),
        (
            "monitoring.coreos.com/v1",
            "ServiceMonitor",
            f"{LACKS} servicemonitors of monitoring.coreos.com; name monitoring.coreos.com/ServiceMonitor in deploy.helm.kinds "
            "and ask an administrator for it with make rbac, or take it out of the chart",
        ),
        (None, "Service", "has no apiVersion"),
        (1, "Service", "has no apiVersion"),
    ],
)
def test_what_the_role_lacks_is_found(version: object, kind: str, problem: str) -> None:
    """Before Helm is refused it in the middle of a deployment."""
    told = found(an_object(kind, version))

    assert list(told) == [f"{kind}/x kind"]
    assert problem in told[f"{kind}/x kind"]


def test_an_operator_of_git_has_rights_of_its_own() -> None:
    """What it may write is not for us to say."""
    role = an_object("Role", "rbac.authorization.k8s.io/v1", "elsewhere")

    assert found(role, home=GITOPS) == {}
    assert found(role, home=None) == {}


def test_a_kind_that_the_policy_names_complies() -> None:
    """With the group that it is named by, in any version of it."""
    home = Home(namespace="backend-qa", kinds=("monitoring.coreos.com/ServiceMonitor",))

    assert found(an_object("ServiceMonitor", "monitoring.coreos.com/v1"), home=home) == {}
    assert found(an_object("ServiceMonitor", "example.com/v1"), home=home) != {}
    assert found(an_object("PodMonitor", "monitoring.coreos.com/v1"), home=home) != {}


@pytest.mark.parametrize(
    "record",
    [
        an_object("Secret", type="helm.sh/release.v1"),
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "sh.helm.release.v1.other.v7"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "y", "labels": {"owner": "helm", "name": "other"}}},
    ],
    ids=["type", "name", "labels"],
)
def test_a_record_of_helms_is_no_charts(record: dict[str, Any]) -> None:
    """Attack: one chart says what another service's release is, and what its next rollback brings."""
    [(field, problem)] = found(record).items()

    assert field.endswith(" kind")
    assert "a record of Helm's own" in problem


def test_an_object_that_is_named_twice_is_found() -> None:
    """Nobody could say which one people approved; a hook goes before what it makes room for."""
    hook = an_object("Service")
    hook["metadata"]["annotations"] = {HOOK: "pre-install"}

    assert list(found(an_object("Service"), an_object("Service"))) == ["Service/x metadata.name"]
    assert found(hook, an_object("Service"), an_object("Secret"), an_object("Ingress", "networking.k8s.io/v1")) == {}


def test_another_namespace_is_beyond_the_role() -> None:
    """Whosever it is."""
    told = found(an_object("Service", namespace="monitoring"))

    assert told == {
        "Service/x metadata.namespace": "is monitoring, and the deployer's Role is for backend-qa alone; take it out of the chart"
    }


def test_a_namespace_that_is_no_text_is_none_of_ours() -> None:
    """Charts render anything."""
    assert list(found(an_object("Service", namespace={"name": "x"}))) == ["Service/x metadata.namespace"]


SELECTED = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["backend"]}


@pytest.mark.parametrize("home", [HELM, GITOPS])
@pytest.mark.parametrize(
    ("named", "place"),
    [
        ({"namespace": "backend"}, "metadata.namespace"),
        ({"subjects": [{"kind": "ServiceAccount", "name": "x", "namespace": "backend"}]}, "subjects[0].namespace"),
        ({"spec": {"secretRef": {"name": "password", "namespace": "backend"}}}, "spec.secretRef.namespace"),
        ({"spec": {"remoteNamespace": "backend"}}, "spec.remoteNamespace"),
        ({"data": {"SECRETS_NAMESPACE": "backend"}}, "data.SECRETS_NAMESPACE"),
        ({"spec": {"namespaceSelector": {"matchNames": ["a", "backend"]}}}, "spec.namespaceSelector.matchNames"),
        ({"spec": {"terms": ({"namespaces": ["backend"]},)}}, "spec.terms[0].namespaces"),
        (
            {"spec": {"matchLabels": {"kubernetes.io/metadata.name": "backend"}}},
            "spec.matchLabels.kubernetes.io/metadata.name",
        ),
        ({"spec": {"matchExpressions": [SELECTED]}}, "spec.matchExpressions[0].values"),
    ],
)
def test_attack_reach_into_another_environment(named: dict[str, Any], place: str, home: Home) -> None:
    """Its namespace is named in no object of QA's, whoever applies it; nor are its secrets, which it takes to reach them."""
    told = found(an_object("ConfigMap", **named), home=home)

    assert told == {f"ConfigMap/x {place}": "names backend, the namespace of production; take it out of the chart"}


@pytest.mark.parametrize(
    "named",
    [
        {"data": {"url": "http://delivery.backend.svc"}},
        {"data": {"namespace": "backend-qa"}},
        {"data": {"namespace": 7, "namespaces": "backend", "matchNames": [7]}},
        {"spec": {"matchExpressions": [{"key": "environment", "values": ["backend"]}]}},
        {"spec": {"values": ["backend"], "name": "backend"}},
    ],
)
def test_a_word_that_names_no_namespace_is_no_finding(named: dict[str, Any]) -> None:
    """Addresses are looked up by whoever may; and `backend` is an ordinary word."""
    assert found(an_object("ConfigMap", **named)) == {}


def autoscaler(kind: str, name: str) -> dict[str, Any]:
    """What says how many pods a workload has."""
    target = {"apiVersion": "apps/v1", "kind": kind, "name": name}
    return an_object("HorizontalPodAutoscaler", "autoscaling/v2", spec={"scaleTargetRef": target, "maxReplicas": 3})


def test_replicas_beside_an_autoscaler_are_found() -> None:
    """Each deployment would scale it back; in whichever order they stand."""
    told = found(autoscaler("Deployment", "delivery"), replicas=2)

    assert told == {
        "Deployment/delivery spec.replicas": "is set beside HorizontalPodAutoscaler/x, which owns it: each deployment would undo "
        "what that did; leave it out of the chart"
    }


@pytest.mark.parametrize(
    ("beside", "spec"),
    [
        (autoscaler("Deployment", "delivery"), {}),
        (autoscaler("Deployment", "delivery"), {"replicas": None}),
        (autoscaler("Deployment", "other"), {"replicas": 2}),
        (autoscaler("StatefulSet", "delivery"), {"replicas": 2}),
    ],
)
def test_replicas_alone_are_the_charts(beside: dict[str, Any], spec: dict[str, Any]) -> None:
    """Nor does an autoscaler of something else own them."""
    assert found(beside, **spec) == {}


def test_findings_stay_in_the_order_of_the_manifests() -> None:
    """What is contested comes after all objects, as it takes two."""
    role = an_object("Role", "rbac.authorization.k8s.io/v1")

    assert list(found(role, an_object("Namespace"), autoscaler("Deployment", "delivery"), replicas=1)) == [
        "Role/x kind",
        "Namespace/x kind",
        "Deployment/delivery spec.replicas",
    ]


@pytest.mark.parametrize(
    ("kind", "resource"),
    [("NetworkPolicy", "networkpolicies"), ("Ingress", "ingresses"), ("Secret", "secrets"), ("Gateway", "gateways")],
)
def test_a_resource_is_named_by_its_kind(kind: str, resource: str) -> None:
    """As Kubernetes forms the plural: a vowel before the y keeps it."""
    assert resource_of(kind) == resource


def test_rights_are_for_kinds_that_may_be_given() -> None:
    """What policy adds is written like the rest; nothing of Kubernetes' own can be added."""
    [added] = given(("gateway.networking.k8s.io/HTTPRoute",))

    assert (added.group, added.resources, added.verbs) == (
        "gateway.networking.k8s.io",
        ("httproutes",),
        RIGHTS[0].verbs,
    )
    assert may_be_given("cert-manager.io")
    assert not any(map(may_be_given, ("", "apps", "rbac.authorization.k8s.io", "authentication.k8s.io")))
    assert not may_write("", "Node")


@pytest.mark.parametrize(
    ("lasts", "complies"),
    [(300, True), (301, False), (None, True), ("301", True)],
    ids=["as-long", "longer", "open", "odd"],
)
def test_a_hook_that_may_run_longer_than_anybody_waits_does_not_comply(lasts: object, complies: bool) -> None:
    """It is said what to do instead; Jobs that are no hooks may take as long as they like."""
    home = Home(namespace="backend-qa", kinds=(), longest=timedelta(minutes=5))
    job = an_object("Job", "batch/v1", spec={"activeDeadlineSeconds": lasts})
    hook = {**job, "metadata": {**job["metadata"], "annotations": {"helm.sh/hook": "pre-upgrade"}}}

    said = found(hook, home=home).get("Job/x spec.activeDeadlineSeconds", "")

    assert (said == "") is complies
    assert complies or "deploy.helm.timeout ends it after 300 s; raise that (20m at most)" in said
    assert "Job/x spec.activeDeadlineSeconds" not in found(job, home=home)
    assert "Job/x spec.activeDeadlineSeconds" not in found(hook, home=GITOPS)
