"""What a release's manifest names: its workloads, and the containers of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.domain.charts.pods import TooMuch, Walk, at, listed
from shared.ports.errors import Permanent

# Where the API has them.
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "Deployment": ("apps", "v1", "deployments"),
    "StatefulSet": ("apps", "v1", "statefulsets"),
    "DaemonSet": ("apps", "v1", "daemonsets"),
    "Job": ("batch", "v1", "jobs"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A workload as the manifest names it, with the image of each container; `passing`: it may be gone once it is done."""

    kind: str
    name: str
    images: Mapping[str, str]
    passing: bool = False

    def path(self, namespace: str) -> tuple[str, ...]:
        """Where the API lists those of its kind."""
        group, version, kinds = FAMILIES[self.kind]
        return ("apis", group, version, "namespaces", namespace, kinds)


def named(objects: Sequence[Mapping[str, object]], namespace: str) -> tuple[Named, ...]:
    """Return the workloads of a manifest in its order; raise Permanent for one that is put into another namespace."""
    try:
        return tuple(_each(objects, namespace))
    except TooMuch as error:
        raise Permanent(f"the release's manifests {error}") from error


def _each(objects: Sequence[Mapping[str, object]], namespace: str) -> Iterator[Named]:
    for found in Walk().objects(objects):
        if isinstance(found, int) or found.kind not in FAMILIES:
            continue
        metadata = at(found.content, "metadata")
        place = metadata.get("namespace") or namespace
        if place != namespace:
            raise Permanent(f"{found.name} is put into namespace {place}, where nobody looks; take it out of the chart")
        pod = at(found.content, "spec", "template", "spec")
        yield Named(
            kind=found.kind,
            name=str(metadata.get("name")),
            images={
                str(at(one).get("name")): str(at(one).get("image"))
                for group in ("initContainers", "containers")
                for one in listed(pod.get(group))
            },
            passing=at(found.content, "spec").get("ttlSecondsAfterFinished") is not None,
        )
