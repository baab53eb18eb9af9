"""Pods that keep a StatefulSet from going back: its controller waits for the one that never gets ready, whatever is applied.

https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.objects import ReleaseObjects, name_of
from shared.adapters.kubernetes.reading import each, owned_by, part, parts, selector

_HASH = "controller-revision-hash"
_PATIENCE, _STEP = 10.0, 0.1


def free(
    api: Api,
    objects: ReleaseObjects,
    manifests: Sequence[Mapping[str, Any]],
    *,
    pause: Callable[[float], None] = time.sleep,
) -> tuple[str, ...]:
    """Delete those pods of StatefulSets that are of another revision than the one applied and not ready; name them."""
    return tuple(
        f"{pod} of {name_of(one)} was never ready and is of another revision: it was deleted, so that this one can follow"
        for one in manifests
        if one.get("kind") == "StatefulSet"
        for pod in _freed(api, objects, one, pause)
    )


def _freed(
    api: Api, objects: ReleaseObjects, manifest: Mapping[str, Any], pause: Callable[[float], None]
) -> Iterator[str]:
    found = _seen(objects, manifest, pause)
    wanted = found["status"].get("updateRevision") if found else None
    if found is None or not wanted:
        return
    pods = ("api", "v1", "namespaces", found["metadata"]["namespace"], "pods")
    for pod in each(api, pods, [("labelSelector", selector(part(found, "spec", "selector")))]):
        about = pod["metadata"]
        owned = owned_by(pod, found["metadata"]["uid"])
        if owned and part(about, "labels").get(_HASH) != wanted and not _is_ready(pod):
            api.delete((*pods, about["name"]))
            yield about["name"]


def _seen(
    objects: ReleaseObjects, manifest: Mapping[str, Any], pause: Callable[[float], None]
) -> dict[str, Any] | None:
    """Wait until its controller has seen what was applied; None where it does not, or the object is not there."""
    end = time.monotonic() + _PATIENCE
    while True:
        found = objects.get(manifest)
        if found is None:
            return None
        if found.get("status", {}).get("observedGeneration", 0) >= found["metadata"].get("generation", 0):
            return found
        if time.monotonic() > end:
            return None
        pause(_STEP)


def _is_ready(pod: Mapping[str, Any]) -> bool:
    conditions = parts(pod, "status", "conditions")
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)
