"""Watches what Helm applied to a cluster until there is a verdict, or for as long as one look may last."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from threading import Lock

from shared.adapters.helm.marks import mark_of, read_revision
from shared.adapters.kubernetes import releases
from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.bells import Bells, Followed
from shared.adapters.kubernetes.evidence import evidence
from shared.adapters.kubernetes.faults import TooOld
from shared.adapters.kubernetes.named import Named, named
from shared.adapters.kubernetes.reading import text, when
from shared.adapters.kubernetes.workloads import Reader, Seen
from shared.domain.policies.place import Place
from shared.domain.rollouts.images import ran
from shared.domain.rollouts.observed import Look
from shared.domain.rollouts.verdicts import Judged, RolloutState, judge
from shared.ports.chart import UnreadManifests
from shared.ports.errors import Permanent
from shared.ports.rollout_watcher import Rollout

_SECONDS = 10.0
# So many looks of a process may last. Each holds a thread that others need: where more rollouts are watched, all are quick.
_MOST_LASTING, _QUICK = 8, 1.0
_MOST_FOLLOWED, _MOST_REMEMBERED = 8, 64


class KubernetesWatcher:
    """Looks at the workloads of a release. `clusters` returns the API of a place's cluster, `parse` reads manifests as they were judged."""

    def __init__(
        self,
        clusters: Callable[[Place], Api],
        parse: Callable[[bytes], Sequence[Mapping[str, object]]],
        *,
        seconds: float = _SECONDS,
    ) -> None:
        self._clusters, self._parse, self._seconds = clusters, parse, seconds
        self._lock, self._looks = Lock(), 0
        self._named: OrderedDict[tuple[Place, bytes], tuple[Named, ...]] = OrderedDict()

    def observe(self, place: Place, revision: str) -> Rollout:
        """Watch until the first verdict, ten seconds at most. Raise Transient, Permanent."""
        api = self._clusters(place)
        number, effect = read_revision(revision)
        replaced = _replaced(api, place, number, effect)
        record = releases.read(api, place.namespace, place.release_name, number) if not replaced else None
        if record is not None:
            with self._looking() as seconds:
                rollout = self._watch(api, place, record, seconds)
            # Somebody may have written over it while we watched.
            settled = rollout.state is not RolloutState.PROGRESSING
            replaced = _replaced(api, place, number, effect) if settled else ""
            if not replaced:
                return rollout
        return Rollout(state=RolloutState.REPLACED, reason=replaced or f"revision {number} has just been removed")

    @contextmanager
    def _looking(self) -> Iterator[float]:
        """Count a look, and say for how many seconds it may last."""
        with self._lock:
            self._looks += 1
            crowded = self._looks > _MOST_LASTING
        try:
            yield min(self._seconds, _QUICK) if crowded else self._seconds
        finally:
            with self._lock:
                self._looks -= 1

    def _watch(self, api: Api, place: Place, record: releases.ReleaseRecord, seconds: float) -> Rollout:
        wanted = self._of_manifest(place, record)
        reader = Reader(api, place.namespace, when(record.created))
        end = time.monotonic() + seconds
        with Bells(api, seconds=seconds) as bells:
            while True:
                seen = _read(reader, wanted)
                look = Look(at=api.time(), workloads=tuple(one.workload for one in seen))
                judged = judge(look, place.patience)
                left = end - time.monotonic()
                if judged.state is not RolloutState.PROGRESSING or left <= 0:
                    return _rollout(api, place, judged, look, seen)
                if not bells.hang(_followed(place.namespace, wanted, seen)):
                    bells.wait(min(left, judged.again.total_seconds() if judged.again else left))

    def _of_manifest(self, place: Place, record: releases.ReleaseRecord) -> tuple[Named, ...]:
        """Read the manifest once for all looks at it: reading it takes a child."""
        key = place, sha256(record.manifest.encode()).digest()
        with self._lock:
            if key in self._named:
                return self._named[key]
        found = named(self._objects(record.manifest.encode()), place.namespace)
        with self._lock:
            self._named[key] = found
            while len(self._named) > _MOST_REMEMBERED:
                self._named.popitem(last=False)
        return found

    def _objects(self, manifest: bytes) -> Sequence[Mapping[str, object]]:
        try:
            return self._parse(manifest)
        except UnreadManifests as unread:
            if not unread.whole:
                raise Permanent(f"the release's manifest in Helm's record cannot be read: {unread}") from unread
            return unread.objects


def _replaced(api: Api, place: Place, number: int, effect: str) -> str:
    """Say who wrote over a revision; empty where it is the newest, and ours."""
    history = releases.history(api, place.namespace, place.release_name)
    newest = history[-1] if history else None
    if newest is None:
        return f"release {place.release_name} is not in namespace {place.namespace} any more: somebody removed it"
    mark = mark_of(newest)
    # What was adopted has no mark, and is named without an effect.
    if newest.number == number and (mark.effect if mark else "") == effect:
        return ""
    if newest.number == number:
        return f"revision {number} of release {place.release_name} was written by {'another promotion' if mark else 'hand'}"
    written = releases.read(api, place.namespace, place.release_name, newest.number)
    said = f" ({text(written.description, 200)})" if written is not None and written.description else ""
    return f"revision {newest.number} was written{'' if mark else ' by hand'} after it{said}"


def _read(reader: Reader, wanted: Sequence[Named]) -> list[Seen]:
    try:
        return [reader.read(one) for one in wanted]
    except TooOld:
        # A list of many pages changed so much that its first one is forgotten.
        return [reader.read(one) for one in wanted]


def _followed(namespace: str, wanted: Sequence[Named], seen: Sequence[Seen]) -> dict[Followed, str]:
    """What has to change for the verdict to change: the first workloads that are not ready, and their pods."""
    found: dict[Followed, str] = {}
    for one, what in zip(seen, wanted, strict=True):
        if not one.workload.lacks or len(found) >= 2 * _MOST_FOLLOWED:
            continue
        found[what.path(namespace), (("fieldSelector", f"metadata.name={what.name}"),)] = one.version
        if one.pods:
            found[("api", "v1", "namespaces", namespace, "pods"), (("labelSelector", one.pods),)] = one.version
    return found


def _rollout(api: Api, place: Place, judged: Judged, look: Look, seen: list[Seen]) -> Rollout:
    return Rollout(
        state=judged.state,
        reason=judged.reason,
        ran=ran(look),
        evidence=partial(evidence, api, place.namespace, judged, look, seen),
        waited=True,
    )
