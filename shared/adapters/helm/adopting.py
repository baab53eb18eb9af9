"""What a release is that runs already: by Helm's record, by its objects, and by its pods."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.adapters.helm.manifests import applied_of
from shared.adapters.helm.marks import mark_of, revision_text
from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.objects import ReleaseObjects, name_of
from shared.adapters.kubernetes.reading import each, part, parts, selector
from shared.adapters.kubernetes.releases import ReleaseRecord
from shared.adapters.manifest_images import Parse, images_of
from shared.domain.charts.pods import at
from shared.domain.policies.place import Place
from shared.ports.applier import Found

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}$")


def found_of(api: Api, place: Place, record: ReleaseRecord, parse: Parse) -> Found:
    """Put together what is known of a release; raise what the cluster raises."""
    manifests = record.manifest.encode()
    objects = applied_of(manifests, parse)
    mark = mark_of(record.revision)
    return Found(
        release_name=place.release_name,
        revision=revision_text(record.revision.number, mark.effect if mark else ""),
        chart=str(record.chart.get("name") or ""),
        chart_version=str(record.chart.get("version") or ""),
        app_version=str(record.chart.get("appVersion") or ""),
        status=record.revision.status,
        images=images_of(manifests, parse),
        digests=tuple(dict.fromkeys(_digests(api, place.namespace, objects))),
        manifests=manifests,
        values=json.dumps(record.values, sort_keys=True).encode(),
        others=tuple(_others(ReleaseObjects(api, place.namespace, place.release_name), objects)),
    )


def _digests(api: Api, namespace: str, objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in objects:
        if not at(one, "spec", "selector", "matchLabels"):
            continue
        query = [("labelSelector", selector(part(one, "spec", "selector")))]
        for pod in each(api, ("api", "v1", "namespaces", namespace, "pods"), query):
            for container in [
                *parts(pod, "status", "initContainerStatuses"),
                *parts(pod, "status", "containerStatuses"),
            ]:
                if found := _DIGEST.search(container.get("imageID") or ""):
                    yield found[0]


def _others(objects: ReleaseObjects, manifests: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in manifests:
        if owner := objects.other_owner(one):
            yield f"{name_of(one)} belongs to {owner}"
