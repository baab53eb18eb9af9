"""Deploys with Helm, and reads what Helm has deployed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from shared.adapters.helm import drift
from shared.adapters.helm.access import Tools
from shared.adapters.helm.adopting import found_of
from shared.adapters.helm.hooks import taken
from shared.adapters.helm.manifests import applied_of, objects_of
from shared.adapters.helm.marks import mark_of, read_revision, revision_text
from shared.adapters.helm.operation import HelmOperation
from shared.adapters.helm.process import Processes
from shared.adapters.kubernetes import releases
from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.objects import ReleaseObjects
from shared.adapters.manifest_images import images_of
from shared.domain.policies.place import Place
from shared.ports.applier import ClusterObjection, DeployOrder, DeployReport, Found, Running
from shared.ports.chart import Charts

Reach: TypeAlias = Callable[[Place], Api]


class HelmApplier:
    """Installs, upgrades and uninstalls a place's release, each time in a child of its own."""

    def __init__(
        self,
        reach: Reach,
        charts: Charts,
        processes: Processes,
        *,
        scratch: Path,
        new_id: Callable[[], str],
        now: Callable[[], datetime],
    ) -> None:
        self._reach = reach
        self._tools = Tools(charts=charts, processes=processes, scratch=scratch, new_id=new_id, now=now)

    def apply(self, order: DeployOrder) -> DeployReport:
        """Apply. Raise Fenced, Busy, Permanent (the release's fault unless `ours`), Transient."""
        return HelmOperation(self._reach(order.place), self._tools, order).apply()

    def remove(self, order: DeployOrder) -> DeployReport:
        """Uninstall what Slipway installed; what is there of somebody else stays. Raise the same."""
        return HelmOperation(self._reach(order.place), self._tools, order).remove()

    def running(self, place: Place) -> Running | None:
        """Read the newest revision; foreign where it is not one that Slipway made."""
        api = self._reach(place)
        history = releases.history(api, place.namespace, place.release_name)
        if not history:
            return None
        newest = history[-1]
        mark = mark_of(newest)
        record = releases.read(api, place.namespace, place.release_name, newest.number)
        return Running(
            revision=revision_text(newest.number, mark.effect if mark else ""),
            turn=mark.turn if mark else None,
            foreign=mark is None,
            images=images_of(record.manifest.encode(), self._tools.charts.parse) if record else (),
        )

    def found(self, place: Place) -> Found | None:
        """Read what the newest revision is, what runs of it, and which of its objects are others'."""
        api = self._reach(place)
        history = releases.history(api, place.namespace, place.release_name)
        record = releases.read(api, place.namespace, place.release_name, history[-1].number) if history else None
        return found_of(api, place, record, self._tools.charts.parse) if record is not None else None

    def note(self, place: Place, revision: str, text: str) -> None:
        """Write into a revision's record how its rollout ended: Helm's own word means only that it was applied."""
        api, (number, effect) = self._reach(place), read_revision(revision)
        record = releases.read(api, place.namespace, place.release_name, number)
        mark = mark_of(record.revision) if record else None
        if record is not None and mark is not None and mark.effect == effect and record.description != text:
            releases.mark(api, place.namespace, record, description=text)

    def preflight(self, place: Place, manifests: bytes) -> tuple[ClusterObjection, ...]:
        """Ask the cluster object by object what it would say to manifests; nothing is written."""
        objects = ReleaseObjects(self._reach(place), place.namespace, place.release_name)
        everything = objects_of(manifests, self._tools.charts.parse)
        return (
            *drift.objections(objects, applied_of(manifests, self._tools.charts.parse)),
            *taken(objects, everything),
        )

    def mend(self, place: Place, revision: str) -> tuple[str, ...]:
        """Apply again those objects of the newest revision that somebody wrote since, as a client may that wakes late; name them."""
        api, (number, effect) = self._reach(place), read_revision(revision)
        history = releases.history(api, place.namespace, place.release_name)
        mark = mark_of(history[-1]) if history else None
        if mark is None or (history[-1].number, mark.effect) != (number, effect):
            return ()
        record = releases.read(api, place.namespace, place.release_name, number)
        if record is None:
            return ()
        objects = ReleaseObjects(api, place.namespace, place.release_name)
        return drift.mend(objects, applied_of(record.manifest.encode(), self._tools.charts.parse))
