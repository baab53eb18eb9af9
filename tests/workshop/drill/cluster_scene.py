"""The drill's story on a control plane: each scene has two namespaces there, which are emptied before each telling."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from infra.local.folder import Folder
from infra.local.sample import BY_GIT
from shared.adapters.helm.looking import DIED
from shared.adapters.helm.marks import mark_of
from shared.adapters.kubernetes import releases
from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.releases import ReleaseRecord
from tests.workshop.drill.end import WRONG, End, own_end, same
from tests.workshop.drill.run import Plan
from tests.workshop.drill.scene import CONFIGURATION, SERVICE, Scene
from tests.workshop.drill.story import Teller, at_rest_by_helm, released, rolled_back, taken_out

# A record that a client left pending is let alone for as long as Helm may take, a little more, and what clocks may differ by.
PATIENCE = 180.0
_SHORT = "patience: {create: 1s}\n    deploy: {helm: {cluster: %s, timeout: 5s}}"
_FAILS = "podAnnotations: {fakelet/mode: create-error}\n"
# Its record is pending while a hook runs, which is when most deaths in the act are.
_HOOK = """apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations:
    helm.sh/hook: pre-install,pre-upgrade,pre-rollback,pre-delete
    helm.sh/hook-delete-policy: before-hook-creation
    kubernetes.io/change-cause: {{ .Values.reason | quote }}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {fakelet/mode: complete, fakelet/delay: "1.5"}}
    spec:
      restartPolicy: Never
      securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: migrate
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"""
_BY_LABEL = [("labelSelector", f"app.kubernetes.io/instance={SERVICE}")]
_HELD = (("apps", "v1", "deployments"), ("networking.k8s.io", "v1", "ingresses"), ("v1", "services"), ("v1", "secrets"))
_APPLIED = ("deployed", "superseded")


class ClusterScene(Scene):
    """A scene whose environments are namespaces, each in the cluster of its own name."""

    def __init__(self, folder: Path, admin: Api, namespaces: Mapping[str, str]) -> None:
        self._admin, self._namespaces = admin, namespaces
        super().__init__(
            folder,
            files={"slipway.yaml": _configured(namespaces), "charts/delivery/templates/hook.yaml": _HOOK},
            fails=_FAILS,
        )

    @property
    def plan(self) -> Plan:
        """How its story is told."""
        return Plan(tell=story_by_helm, patience=PATIENCE, end=lambda folder, _: self.end(folder))

    def begin(self, root: Path, disk: Path) -> Folder:
        """See Scene."""
        for namespace in self._namespaces.values():
            for *group, kind in _HELD:
                root_path = ("apis", *group) if len(group) > 1 else ("api", *group)
                chosen = [("labelSelector", "owner=helm")] if kind == "secrets" else []
                self._admin.delete((*root_path, "namespaces", namespace, kind), chosen)
        return super().begin(root, disk)

    def end(self, folder: Folder) -> End:
        """What Slipway keeps, and beside it what the cluster shows."""
        records = {name: self.records(name) for name in self._namespaces}
        wrong = [f"{name}: {said}" for name, found in records.items() for said in wrong_in(found)]
        return {
            **own_end(folder, self),
            "helm": {name: list(history_of(found)) for name, found in records.items()},
            "pods": {name: self.images(name) for name in self._namespaces},
            WRONG: wrong,
        }

    def records(self, environment: str) -> list[ReleaseRecord]:
        """Helm's records, the newest last."""
        namespace = self._namespaces[environment]
        history = releases.history(self._admin, namespace, SERVICE)
        found = [releases.read(self._admin, namespace, SERVICE, one.number) for one in history]
        return [one for one in found if one is not None]

    def images(self, environment: str) -> list[str]:
        """The digests that run."""
        pods = self._admin.get(("api", "v1", "namespaces", self._namespaces[environment], "pods"), _BY_LABEL)["items"]
        stay = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
        images = [one["imageID"] for pod in stay for one in pod["status"].get("containerStatuses") or ()]
        return sorted({image.partition("@")[2] for image in images})


def story_by_helm(teller: Teller) -> None:
    """A first deployment is taken out, a release reaches production, another goes back."""
    for chapter in (taken_out, released, rolled_back, at_rest_by_helm):
        chapter(teller)


def history_of(records: Sequence[ReleaseRecord]) -> Iterator[tuple[str, str, str]]:
    """Whose each revision is, how it ended and what is written on it; not what died, in whose place stands what was applied again."""
    for one in records:
        mark = mark_of(one.revision)
        if not one.description.startswith(DIED):
            yield mark.effect if mark else "nobody", one.revision.status, same(one.description)


def wrong_in(records: Sequence[ReleaseRecord]) -> Iterator[str]:
    """Name what a death may never leave: an effect that was applied twice, a record that somebody seems to be at."""
    numbers: dict[str, list[int]] = {}
    for one in records:
        mark = mark_of(one.revision)
        if one.revision.pending:
            yield f"revision {one.revision.number} is {one.revision.status}"
        if mark is not None and one.revision.status in _APPLIED:
            numbers.setdefault(mark.effect, []).append(one.revision.number)
    for effect, found in numbers.items():
        if len(found) > 1:
            yield f"{effect} was applied as the revisions {json.dumps(found)}"


def _configured(namespaces: Mapping[str, str]) -> str:
    written = CONFIGURATION
    for before, namespace in zip(("backend-qa", "backend"), namespaces.values(), strict=True):
        written = written.replace(f"namespace: {before}\n", f"namespace: {namespace}\n")
        written = written.replace(BY_GIT, _SHORT % namespace, 1)
    return written
