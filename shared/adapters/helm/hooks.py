"""Hooks whose names are taken: Helm deletes what has a hook's name before it runs it, whosever that is, and asks nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.adapters.helm.manifests import hook_of
from shared.adapters.kubernetes.objects import ReleaseObjects, name_of
from shared.domain.charts.hooks import HOOK
from shared.domain.charts.pods import at
from shared.ports.applier import ClusterObjection
from shared.ports.errors import Permanent


def taken(objects: ReleaseObjects, manifests: Sequence[Mapping[str, Any]]) -> Iterator[ClusterObjection]:
    """Name the hooks in whose place something else is: no hook, and not the release's own."""
    for one in manifests:
        if not hook_of(one) or not at(one, "metadata").get("name"):
            continue
        try:
            owner = objects.other_owner(one)
            problem = (
                ""
                if not owner or objects.is_hook(one)
                else (
                    f"is there, and belongs to {owner}: Helm would delete it to run this hook; give the hook another name"
                )
            )
        except Permanent as error:
            problem = str(error)
        if problem:
            yield ClusterObjection(object=name_of(one), field=f"metadata.annotations[{HOOK}]", problem=problem)


def refuse_taken(objects: ReleaseObjects, manifests: Sequence[Mapping[str, Any]], doing: str) -> None:
    """Raise Permanent where a hook's name is taken by now."""
    for one in taken(objects, manifests):
        raise Permanent(f"{doing}: {one.object} {one.problem}")
