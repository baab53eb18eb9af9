"""Single objects by their manifests, as Helm applies them: server-side, with its field manager."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.faults import Conflict
from shared.domain.charts.hooks import HOOK
from shared.domain.charts.pods import at
from shared.ports.errors import NotFound, Permanent

APPLY = "application/apply-patch+yaml"
MANAGER = "helm"
_WHOSE = "meta.helm.sh/release-name"
_JSON_PATCH = "application/json-patch+json"
_OWN = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink")


@dataclass(frozen=True, slots=True)
class Conflicting:
    """A field that our manifest sets and somebody else manages."""

    object: str
    field: str
    manager: str

    def __str__(self) -> str:
        return f"{self.manager} manages {self.field} of {self.object}"


class ReleaseObjects:
    """The objects of one release. Raises what Api raises."""

    def __init__(self, api: Api, namespace: str, release: str) -> None:
        self._api, self._namespace, self._release = api, namespace, release
        self._kinds: dict[tuple[str, str], tuple[str, bool]] = {}
        self._lock = threading.Lock()

    def get(self, manifest: Mapping[str, Any]) -> dict[str, Any] | None:
        """Read the object that a manifest names; None where there is none, or not even its kind."""
        try:
            return self._api.get(self.path(manifest))
        except NotFound:
            return None

    def other_owner(self, manifest: Mapping[str, Any]) -> str:
        """Say in words whose an object is that is there and not this release's; empty where it is ours to write."""
        there = self.get(manifest)
        if there is None or (whose := at(there, "metadata", "annotations").get(_WHOSE)) == self._release:
            return ""
        return f"the release {whose}" if whose else "nobody"

    def is_hook(self, manifest: Mapping[str, Any]) -> bool:
        """Whether what is there was made as a hook."""
        return HOOK in at(self.get(manifest) or {}, "metadata", "annotations")

    def apply(self, manifest: Mapping[str, Any], *, force: bool = False, dry: bool = False) -> dict[str, Any]:
        """Apply as Helm does, `force` taking fields from others; `dry` only says what would be. Raise Conflict."""
        query = [("fieldManager", MANAGER), ("force", "true" if force else "false")]
        query += [("dryRun", "All")] if dry else []
        return self._api.patch(self.path(manifest), self._owned(manifest), query, kind=APPLY)

    def replace_template(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Make a workload's pods what a manifest says and nothing else, where what others added makes it no object at all."""
        change = [{"op": "replace", "path": "/spec/template", "value": manifest["spec"]["template"]}]
        return self._api.patch(self.path(manifest), change, [("fieldManager", MANAGER)], kind=_JSON_PATCH)

    def conflicts(self, manifest: Mapping[str, Any]) -> tuple[Conflicting, ...]:
        """Name the fields of a manifest that others manage, and that it would change."""
        try:
            self.apply(manifest, dry=True)
        except Conflict as error:
            name = name_of(manifest)
            return tuple(Conflicting(name, field, _manager(said)) for field, said in error.fields)
        return ()

    def as_applied(self, manifest: Mapping[str, Any]) -> bool:
        """Whether applying a manifest once more would change nothing."""
        there = self.get(manifest)
        return there is not None and _content(self.apply(manifest, force=True, dry=True)) == _content(there)

    def path(self, manifest: Mapping[str, Any]) -> tuple[str, ...]:
        """Return where an object lies; raise NotFound where the cluster does not know its kind."""
        version, kind = str(manifest.get("apiVersion") or ""), str(manifest.get("kind") or "")
        metadata = at(manifest, "metadata")
        name = str(metadata.get("name") or "")
        if not (version and kind and name):
            raise Permanent(f"cluster {self._api.name}: {name_of(manifest)} has no apiVersion, kind or name")
        plural, namespaced = self._kind(version, kind)
        root = _root(version)
        inside = metadata.get("namespace") or self._namespace
        return (*root, "namespaces", str(inside), plural, name) if namespaced else (*root, plural, name)

    def _owned(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """What Helm writes on each object: without it the object would be nobody's from then on."""
        about = at(manifest, "metadata")
        labels, annotations = about.get("labels") or {}, about.get("annotations") or {}
        if not isinstance(labels, Mapping) or not isinstance(annotations, Mapping):
            # No object of Kubernetes', and for the cluster to say so.
            return dict(manifest)
        whose = {_WHOSE: self._release, "meta.helm.sh/release-namespace": self._namespace}
        owned = {
            "labels": {**labels, "app.kubernetes.io/managed-by": "Helm"},
            "annotations": {**annotations, **whose},
        }
        return {**manifest, "metadata": {**about, **owned}}

    def _kind(self, version: str, kind: str) -> tuple[str, bool]:
        with self._lock:
            found = self._kinds.get((version, kind))
        if found is None:
            known = {
                (version, one["kind"]): (one["name"], bool(one.get("namespaced")))
                for one in self._api.get(_root(version)).get("resources") or ()
                if "/" not in one["name"]
            }
            with self._lock:
                self._kinds |= known
            found = known.get((version, kind))
        if found is None:
            raise NotFound(f"cluster {self._api.name} has no kind {kind} in {version}")
        return found


def name_of(manifest: Mapping[str, Any]) -> str:
    """Name an object for people: `Deployment/delivery`."""
    return f"{manifest.get('kind') or '?'}/{at(manifest, 'metadata').get('name') or '?'}"


def _root(version: str) -> tuple[str, ...]:
    return ("api", version) if "/" not in version else ("apis", *version.split("/", 1))


def _manager(said: str) -> str:
    # conflict with "kubectl-edit" using apps/v1
    parts = said.split('"')
    return parts[1] if len(parts) > 2 else said


def _content(found: Mapping[str, Any]) -> dict[str, Any]:
    about = {key: value for key, value in found["metadata"].items() if key not in _OWN}
    # What the object is doing is not what it shall be.
    return {key: value for key, value in found.items() if key not in ("metadata", "status")} | {"metadata": about}
