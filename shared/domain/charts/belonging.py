"""Whether rendered objects belong where they are deployed: in their own namespace, and of kinds that the deployer may write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from shared.domain.charts.hooks import HOOK
from shared.domain.charts.pods import Object, Path, at, listed, written
from shared.domain.charts.rights import RBAC, may_be_given, may_write, resource_of

# The object, the field in it, the problem in words.
Stray: TypeAlias = tuple[str, str, str]

_DEFINITIONS = "apiextensions.k8s.io"
_OF_THE_CLUSTER = frozenset(
    {"Node", "PersistentVolume", "StorageClass", "CSIDriver", "CSINode", "VolumeAttachment", "VolumeAttributesClass"}
    | {"IngressClass", "GatewayClass", "PriorityClass", "RuntimeClass", "APIService", "CertificateSigningRequest"}
    | {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "FlowSchema", "PriorityLevelConfiguration"}
    | {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "DeviceClass", "ClusterTrustBundle"}
    | {"MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "ClusterIssuer", "ClusterSecretStore"}
)
_BY_ADMINISTRATORS = "; take it out of the chart, and have an administrator apply it"
# What selects namespaces by their name, beside keys that end in `namespace`.
_LISTS = frozenset({"namespaces", "matchnames"})
_SELECTS = "kubernetes.io/metadata.name"
# A release's records: whoever writes one says what is deployed, by whom, and what a rollback brings.
_RECORD, _RECORDS, _ITS_LABEL = "helm.sh/release.v1", "sh.helm.release.", "owner"
_SCALABLE = frozenset({"Deployment", "StatefulSet"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where a release belongs: its namespace, and those of its service's other environments, each with its environment's name.

    `kinds` are those that the deployer may write beside the usual ones, as `group/Kind`; None where no deployer of ours applies.
    `longest` is how long that waits for hooks.
    """

    namespace: str
    others: tuple[tuple[str, str], ...] = ()
    kinds: tuple[str, ...] | None = None
    longest: timedelta | None = None


@dataclass(slots=True)
class Belonging:
    """One look at all objects of a deployment."""

    home: Home
    _others: Mapping[str, str] = field(init=False)
    _scaled: dict[tuple[str, str], str] = field(default_factory=dict)
    _fixed: dict[tuple[str, str], str] = field(default_factory=dict)
    _names: set[tuple[str, str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Know environments by their namespaces."""
        self._others = dict(self.home.others)

    def strays(self, found: Object) -> Iterator[Stray]:
        """Say what of an object belongs elsewhere, and remember who says how many pods there are."""
        yield from self._of_others(found)
        if self.home.kinds is not None:
            problem = self._of_kind(found)
            if problem:
                yield found.name, "kind", problem
            yield from self._elsewhere(found)
            yield from self._too_long(found)
            yield from self._of_helm(found)
            self._remember(found)

    def _of_helm(self, found: Object) -> Iterator[Stray]:
        """What Helm keeps for itself, and what it would apply in an order of its own."""
        metadata = at(found.content, "metadata")
        name, labels = str(metadata.get("name")), at(metadata, "labels")
        looks = name.startswith(_RECORDS) or str(labels.get(_ITS_LABEL)).casefold() == "helm"
        if found.kind == "Secret" and (looks or found.content.get("type") == _RECORD):
            yield (
                found.name,
                "kind",
                "would be a record of Helm's own, which says what is deployed; take it out of the chart",
            )
        key = str(found.content.get("apiVersion")).rpartition("/")[0], found.kind, name
        if HOOK in at(metadata, "annotations"):
            return
        if key in self._names:
            yield (
                found.name,
                "metadata.name",
                "is named twice, so that nobody can tell which of them is there in the end",
            )
        self._names.add(key)

    def _too_long(self, found: Object) -> Iterator[Stray]:
        """A hook that may run longer than anybody waits for it would be cut off, and the deployment called failed."""
        longest, lasts = self.home.longest, at(found.content, "spec").get("activeDeadlineSeconds")
        if longest is None or HOOK not in at(found.content, "metadata", "annotations") or not isinstance(lasts, int):
            return
        if lasts > longest.total_seconds():
            problem = (
                f"lets this hook run {lasts} s, and deploy.helm.timeout ends it after {longest.total_seconds():g} s"
            )
            hint = "raise that (20m at most), or start such work outside of the deployment"
            yield found.name, "spec.activeDeadlineSeconds", f"{problem}; {hint}"

    def contested(self) -> Iterator[Stray]:
        """Say whose number of pods both a chart and an autoscaler set."""
        for key, workload in self._fixed.items():
            if key in self._scaled:
                problem = f"is set beside {self._scaled[key]}, which owns it: each deployment would undo what that did"
                yield workload, "spec.replicas", f"{problem}; leave it out of the chart"

    def _of_kind(self, found: Object) -> str:
        version = found.content.get("apiVersion")
        if not isinstance(version, str):
            return "has no apiVersion, so nobody can tell what it is"
        group = version.rpartition("/")[0]
        if may_write(group, found.kind) or f"{group}/{found.kind}" in (self.home.kinds or ()):
            return ""
        if group == RBAC:
            return f"gives rights, and the deployer's Role holds none of these{_BY_ADMINISTRATORS}"
        if (group, found.kind) == ("", "Namespace"):
            return "is the administrators' to make (make rbac prints it); take it out of the chart"
        if group == _DEFINITIONS:
            return f"defines a kind for the whole cluster, and the deployer has one namespace{_BY_ADMINISTRATORS}"
        if found.kind in _OF_THE_CLUSTER:
            return f"belongs to the whole cluster, and the deployer has one namespace{_BY_ADMINISTRATORS}"
        lacking = f"the deployer's Role lacks {resource_of(found.kind)}{f' of {group}' if group else ''}"
        if not may_be_given(group):
            return f"is of a kind that deployments do not need: {lacking}{_BY_ADMINISTRATORS}"
        return (
            f"is of a kind that the deployer may not write: {lacking}; name {group}/{found.kind} in deploy.helm.kinds and ask "
            "an administrator for it with make rbac, or take it out of the chart"
        )

    def _elsewhere(self, found: Object) -> Iterator[Stray]:
        named = at(found.content, "metadata").get("namespace")
        if named is None or (isinstance(named, str) and (named == self.home.namespace or named in self._others)):
            return
        problem = f"is {str(named)[:100]}, and the deployer's Role is for {self.home.namespace} alone; take it out of the chart"
        yield found.name, "metadata.namespace", problem

    def _of_others(self, found: Object) -> Iterator[Stray]:
        todo: list[tuple[object, Path]] = [(found.content, None)]
        while todo:
            value, path = todo.pop()
            inside: list[tuple[str | int, object]] = []
            if isinstance(value, dict):
                inside = [(str(key), one) for key, one in value.items()]
                for key, named in _namespaces(value):
                    if named in self._others:
                        problem = f"names {named}, the namespace of {self._others[named]}; take it out of the chart"
                        yield found.name, written((path, key)), problem
            else:
                inside = list(enumerate(listed(value)))
            todo += [(one, (path, key)) for key, one in reversed(inside) if isinstance(one, dict | list | tuple)]

    def _remember(self, found: Object) -> None:
        spec = at(found.content, "spec")
        if found.kind == "HorizontalPodAutoscaler":
            target = at(spec, "scaleTargetRef")
            self._scaled[str(target.get("kind")), str(target.get("name"))] = found.name
        elif found.kind in _SCALABLE and spec.get("replicas") is not None:
            self._fixed[found.kind, str(at(found.content, "metadata").get("name"))] = found.name


def _namespaces(found: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """The namespaces that fields of an object name, each with its field."""
    for key, value in found.items():
        name = str(key).casefold()
        if isinstance(value, str) and (name.endswith("namespace") or name == _SELECTS):
            yield str(key), value
        elif name in _LISTS or (name == "values" and found.get("key") == _SELECTS):
            yield from ((str(key), one) for one in listed(value) if isinstance(one, str))
