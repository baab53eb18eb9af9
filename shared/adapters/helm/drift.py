"""Fields that somebody else changed since Helm applied them: Helm refuses to touch them, also on the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.adapters.kubernetes.objects import Conflicting, ReleaseObjects, name_of
from shared.domain.charts.pods import at
from shared.ports.applier import ClusterObjection
from shared.ports.errors import NotFound, Permanent

# What these manage is theirs for good: a scaler's number of pods is never taken back.
_SCALERS = frozenset({"kube-controller-manager", "horizontal-pod-autoscaler", "keda", "vpa-updater"})
_REPLICAS = ".spec.replicas"


def objections(objects: ReleaseObjects, manifests: Sequence[Mapping[str, Any]]) -> tuple[ClusterObjection, ...]:
    """Ask for each object, by applying it for show; what is only out of reach is raised."""
    found: list[ClusterObjection] = []
    for manifest in manifests:
        name = name_of(manifest)
        try:
            if owner := objects.other_owner(manifest):
                found.append(_objection(name, "", f"is there, and belongs to {owner}: Helm never takes it"))
                continue
            for one in _contested(objects, manifest):
                found.append(_objection(name, one.field, f"{one.manager} changed it since", one.manager))
        except NotFound as error:
            found.append(_objection(name, "kind", str(error)))
        except Permanent as error:
            found.append(_objection(name, "", str(error)))
    return tuple(found)


def is_there(objects: ReleaseObjects, manifest: Mapping[str, Any]) -> bool:
    """Whether nothing has to be applied. A Job that is gone once it is done has been: made again, it would do its work again."""
    if manifest.get("kind") == "Job" and "ttlSecondsAfterFinished" in at(manifest, "spec"):
        return objects.get(manifest) is None or objects.as_applied(manifest)
    return objects.as_applied(manifest)


def mend(objects: ReleaseObjects, manifests: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Apply again what is not as it was applied, as long as it is Helm's alone; name it."""
    mended: list[str] = []
    # Of what is named twice the last counts, or each would be mended by the other for ever.
    for manifest in {_key(one): one for one in manifests}.values():
        if is_there(objects, manifest) or objects.conflicts(manifest):
            continue
        objects.apply(manifest)
        mended.append(name_of(manifest))
    return tuple(mended)


def take_back(
    objects: ReleaseObjects, wanted: Sequence[Mapping[str, Any]], applied: Sequence[Mapping[str, Any]]
) -> tuple[Conflicting, ...]:
    """Make Helm the manager of those fields again, with the values that it applied last where it had them; return which they were.

    So that Helm itself brings what is wanted, in its order and with its hooks.
    """
    last = {_key(one): one for one in applied}
    taken: list[Conflicting] = []
    for manifest in wanted:
        found = _contested_if_known(objects, manifest)
        # What is another's stays so: forced, it would be ours from then on, and Helm would not see that it was not.
        if not found or objects.other_owner(manifest):
            continue
        before = last.get(_key(manifest))
        if before is not None:
            _forced(objects, before)
        if before is None or _contested_if_known(objects, manifest):
            _forced(objects, manifest)
        taken += found
    return tuple(taken)


def _forced(objects: ReleaseObjects, manifest: Mapping[str, Any]) -> None:
    try:
        objects.apply(manifest, force=True)
    except Permanent:
        # Others added what contradicts it, such as a request above our limit: taking back our own fields is not enough.
        if "template" not in at(manifest, "spec"):
            raise
        objects.replace_template(manifest)
        objects.apply(manifest, force=True)


def _contested(objects: ReleaseObjects, manifest: Mapping[str, Any]) -> list[Conflicting]:
    return [one for one in objects.conflicts(manifest) if not (one.field == _REPLICAS and one.manager in _SCALERS)]


def _contested_if_known(objects: ReleaseObjects, manifest: Mapping[str, Any]) -> list[Conflicting]:
    """The same, and nothing of what the cluster does not know."""
    try:
        return _contested(objects, manifest)
    except NotFound:
        return []


def _key(manifest: Mapping[str, Any]) -> tuple[str, str, str]:
    group = str(manifest.get("apiVersion") or "").rpartition("/")[0]
    return group, name_of(manifest), str(at(manifest, "metadata").get("namespace") or "")


def _objection(name: str, field: str, problem: str, manager: str = "") -> ClusterObjection:
    return ClusterObjection(object=name, field=field, problem=problem, manager=manager)
