"""Workloads of a release as the cluster shows them: how far each is, and its pods of the current revision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.lacking import lacking
from shared.adapters.kubernetes.named import Named
from shared.adapters.kubernetes.pods import happenings, happenings_of, pods_of
from shared.adapters.kubernetes.reading import Json, each, owned_by, part, parts, selector, text, when
from shared.domain.rollouts.observed import JOB, Refusal, Workload

_TEMPLATE, _HASH = "deprecated.daemonset.template.generation", "pod-template-hash"
_REVISION = "deployment.kubernetes.io/revision"
# How the Job controller says the end of one: https://github.com/kubernetes/api/blob/master/batch/v1/types.go, JobReason….
_COMPLETED = "Completed"
_FAILED = frozenset(
    {"BackoffLimitExceeded", "DeadlineExceeded", "PodFailurePolicy", "FailedIndexes", "MaxFailedIndexesExceeded"}
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A workload as it was read. `uid` and `pods` (a label selector) are empty where it is not there; `version` is the list's."""

    workload: Workload
    version: str
    uid: str = ""
    pods: str = ""


class Reader:
    """Reads a release's workloads in a namespace. What was so before `begun` is not of this deployment."""

    def __init__(self, api: Api, namespace: str, begun: datetime) -> None:
        self._api, self._namespace, self._begun = api, namespace, begun

    def read(self, wanted: Named) -> Seen:
        """Read one workload."""
        answer = self._api.get(wanted.path(self._namespace), [("fieldSelector", f"metadata.name={wanted.name}")])
        version = str(part(answer, "metadata").get("resourceVersion"))
        found = next(iter(parts(answer, "items")), None)
        if found is None:
            ended = self._how_ended(wanted) if wanted.passing else ""
            lacks = "is not there" if ended or not wanted.passing else ""
            return Seen(Workload(kind=wanted.kind, name=text(wanted.name), lacks=lacks, ended_badly=ended), version)
        current = self._current(wanted.kind, found)
        pods = pods_of(
            self._api, self._namespace, self._pods(wanted.kind, found, current), wanted.images, begun=self._begun
        )
        lacks, overdue, ended = lacking(wanted.kind, found), "", ""
        for one in parts(found, "status", "conditions"):
            if one.get("type") == "Progressing" and one.get("reason") == "ProgressDeadlineExceeded":
                overdue = self._said(one) if when(one.get("lastTransitionTime")) >= self._begun else ""
            if wanted.kind == JOB and one.get("type") in ("Failed", "FailureTarget") and one.get("status") == "True":
                ended = self._said(one)
        workload = Workload(
            kind=wanted.kind,
            name=text(wanted.name),
            lacks=lacks,
            overdue=overdue,
            ended_badly=ended,
            refusal=self._refusal(found, current) if lacks else None,
            pods=pods,
        )
        return Seen(
            workload, version, str(part(found, "metadata").get("uid")), selector(part(found, "spec", "selector"))
        )

    def _how_ended(self, wanted: Named) -> str:
        """What is said of a Job that failed and is gone; empty where it completed, or nobody says."""
        said = [
            one
            for one in happenings_of(self._api, self._namespace, wanted.kind, wanted.name)
            if one.last >= self._begun
        ]
        ends = [one for one in said if one.reason in _FAILED or one.reason == _COMPLETED]
        last = max(ends, key=lambda one: one.last, default=None)
        return f"{last.message} ({last.reason})" if last is not None and last.reason in _FAILED else ""

    def _said(self, condition: Json) -> str:
        return text(f"{condition.get('message') or ''} ({condition.get('reason')})")

    def _current(self, kind: str, found: Json) -> Json | None:
        """The ReplicaSet of a Deployment's newest revision; None before there is one, and for other kinds."""
        if kind != "Deployment" or _unseen(found):
            return None
        uid, wanted = str(part(found, "metadata").get("uid")), _revision(found)
        path = ("apis", "apps", "v1", "namespaces", self._namespace, "replicasets")
        sets = each(self._api, path, [("labelSelector", selector(part(found, "spec", "selector")))])
        return next((one for one in sets if owned_by(one, uid) and _revision(one) == wanted), None)

    def _pods(self, kind: str, found: Json, current: Json | None) -> Iterable[Json]:
        owner, more = found, ""
        if kind == "Deployment":
            if current is None:
                return ()
            owner, more = current, f"{_HASH}={part(current, 'metadata', 'labels').get(_HASH)}"
        elif _unseen(found):
            return ()
        elif kind == "StatefulSet":
            more = f"controller-revision-hash={part(found, 'status').get('updateRevision')}"
        elif kind == "DaemonSet":
            more = f"pod-template-generation={part(found, 'metadata', 'annotations').get(_TEMPLATE)}"
        labels = ",".join(filter(None, (selector(part(found, "spec", "selector")), more)))
        uid = str(part(owner, "metadata").get("uid"))
        listed = each(self._api, ("api", "v1", "namespaces", self._namespace, "pods"), [("labelSelector", labels)])
        return (one for one in listed if owned_by(one, uid))

    def _refusal(self, found: Json, current: Json | None) -> Refusal | None:
        for one in parts(current, "status", "conditions"):
            if one.get("type") == "ReplicaFailure" and one.get("status") == "True":
                since = when(one.get("lastTransitionTime"))
                return Refusal(message=text(one.get("message")), since=max(since, self._begun))
        if current is not None or _unseen(found):
            return None
        return self._refused(str(part(found, "metadata").get("uid")))

    def _refused(self, uid: str) -> Refusal | None:
        """Only a Deployment's ReplicaSets have a condition for it; others have events."""
        said = [one for one in happenings(self._api, self._namespace, uid) if one.last >= self._begun]
        failed = [one for one in said if one.reason == "FailedCreate"]
        newest = max(failed, key=lambda one: one.last, default=None)
        made = max((one.last for one in said if one.reason == "SuccessfulCreate"), default=None)
        if newest is None or (made is not None and made > newest.last):
            return None
        since = min(one.first for one in failed if made is None or one.last > made or one is newest)
        return Refusal(message=newest.message, since=max(since, self._begun))


def _revision(found: Json) -> object:
    return part(found, "metadata", "annotations").get(_REVISION)


def _unseen(found: Json) -> bool:
    """Whether its controller has not seen it as it is now."""
    seen = part(found, "status").get("observedGeneration")
    return seen is not None and seen < part(found, "metadata").get("generation", 0)
