"""What rendered manifests must show before they are applied: pinned images, no root, a change cause.

Works on parsed objects of any shape: what is not as Kubernetes wants it is a finding, never an exception.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

CHANGE_CAUSE = "kubernetes.io/change-cause"
_POD_SPEC = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"), ("spec", "template", "spec")),
}
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not comply: the object as `Kind/name`, the field in it, the problem in words."""

    object: str
    field: str
    problem: str


@dataclass(frozen=True, slots=True)
class _Container:
    field: str
    spec: Mapping[str, object]
    runs: bool  # False for init and ephemeral containers


def findings(objects: Sequence[Mapping[str, object]], *, image: str) -> tuple[Finding, ...]:
    """Check all objects of one deployment of `image` (`host/repository:tag@digest`)."""
    found: list[Finding] = []
    workloads: list[tuple[str, Mapping[str, object]]] = []
    for number, each in enumerate(_flat(objects)):
        kind = each.get("kind") if isinstance(each, Mapping) else None
        if not isinstance(each, Mapping) or not isinstance(kind, str):
            found.append(Finding(f"object {number}", "kind", "is missing, so this is not a Kubernetes object"))
        elif kind in _POD_SPEC:
            workloads.append((f"{kind}/{_at(each, 'metadata').get('name', '?')}", each))
    images: set[object] = set()
    for name, workload in workloads:
        containers = list(_containers(workload))
        found += _workload_findings(name, workload, containers, image)
        images |= {str(container.spec.get("image")) for container in containers if container.runs}
    if not workloads:
        found.append(Finding("manifests", "", "hold no workload, so nothing would run"))
    elif image not in images:
        found.append(Finding("manifests", "", f"have no container that runs {image}"))
    return tuple(found)


def _flat(objects: Sequence[object]) -> Iterator[object]:
    for each in objects:
        items = each.get("items") if isinstance(each, Mapping) and each.get("kind") == "List" else None
        if isinstance(items, Sequence) and not isinstance(items, str):
            yield from items
        else:
            yield each


def _at(value: object, *keys: str) -> Mapping[str, object]:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _containers(workload: Mapping[str, object]) -> Iterator[_Container]:
    path = _POD_SPEC[str(workload["kind"])]
    pod = _at(workload, *path)
    for group in ("containers", "initContainers", "ephemeralContainers"):
        listed = pod.get(group)
        for number, spec in enumerate(listed if isinstance(listed, list | tuple) else ()):
            field = f"{'.'.join(path)}.{group}[{number}]"
            yield _Container(field, spec if isinstance(spec, Mapping) else {}, group == "containers")


def _workload_findings(
    name: str, workload: Mapping[str, object], containers: Sequence[_Container], image: str
) -> Iterator[Finding]:
    cause = _at(workload, "metadata", "annotations").get(CHANGE_CAUSE)
    if not isinstance(cause, str) or not cause.strip():
        yield Finding(name, f"metadata.annotations[{CHANGE_CAUSE}]", "must say why this was deployed")
    path = _POD_SPEC[str(workload["kind"])]
    if not any(container.runs for container in containers):
        yield Finding(name, f"{'.'.join(path)}.containers", "must list the containers")
    pod = _at(workload, *path, "securityContext")
    yield from _user_findings(name, f"{'.'.join(path)}.securityContext", pod)
    for container in containers:
        yield from (Finding(name, f"{container.field}.image", text) for text in _image_problems(container.spec, image))
        own = _at(container.spec, "securityContext")
        field = f"{container.field}.securityContext"
        yield from _user_findings(name, field, own)
        if own.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
            yield Finding(name, f"{field}.runAsNonRoot", "must be true, here or for the pod")


def _user_findings(name: str, field: str, context: Mapping[str, object]) -> Iterator[Finding]:
    user = context.get("runAsUser", 1)
    if not isinstance(user, int) or isinstance(user, bool) or user < 1:
        yield Finding(name, f"{field}.runAsUser", "must be a user's number above 0, which is root")


def _image_problems(container: Mapping[str, object], expected: str) -> Iterator[str]:
    found = container.get("image")
    if not isinstance(found, str) or not found:
        yield "is missing"
        return
    repository, tag, digest = _parts(found)
    if not _DIGEST.fullmatch(digest):
        yield f"{found} must be pinned by its digest, as in repository:tag@sha256:…"
    if tag in ("", "latest"):
        yield f"{found} must carry a tag, and not latest"
    wanted, _, wanted_digest = _parts(expected)
    if repository == wanted and digest != wanted_digest:
        yield f"{found} is this service's image, but not the released {wanted_digest}"


def _parts(image: str) -> tuple[str, str, str]:
    name, _, digest = image.partition("@")
    folder, slash, last = name.rpartition("/")
    base, _, tag = last.partition(":")
    return folder + slash + base, tag, digest
