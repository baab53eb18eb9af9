"""Environments in memory: what was applied, by which promotion, and how it is doing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared.domain.policies.place import Place
from shared.domain.policies.policy import GitOpsTarget, HelmTarget
from shared.ports.applier import ClusterObjection, DeployOrder, DeployReport, Fenced, Found, Running
from shared.ports.errors import Transient
from shared.ports.rollout_watcher import Rollout, RolloutState
from tests.support.outside_source import Troubles


@dataclass(frozen=True)
class Applied:
    """One thing that was written to an environment; `number` is None where it was not Slipway, manifests where removed."""

    revision: str
    number: int | None
    turn: int
    effect: str
    version: str
    images: tuple[str, ...]
    manifests: bytes | None

    @property
    def image(self) -> str:
        """The service's own image."""
        return self.images[0]


class MemoryEnvironments:
    """What was written to each. `health` says how a version does, `slow` for how many looks, `shows` what a watcher adds.
    `restarts` are the effects that started pods anew. With a `clock` nothing is begun on a cluster whose time is over.

    Keys of all are (service, environment, version); a version that is not named is healthy at once.
    """

    def __init__(self) -> None:
        self.applied: dict[str, list[Applied]] = defaultdict(list)
        self.health: dict[tuple[str, str, str], RolloutState] = {}
        self.slow: dict[tuple[str, str, str], int] = {}
        self.shows: dict[tuple[str, str, str], Mapping[str, Any]] = {}
        self.orders: dict[str, DeployOrder] = {}
        self.restarts: dict[str, list[str]] = defaultdict(list)
        self.clock: Callable[[], datetime] | None = None
        self.reports: dict[str, DeployReport] = {}
        self.adoptable: dict[str, Found] = {}
        self.objections: dict[str, tuple[ClusterObjection, ...]] = {}
        self.late: dict[str, tuple[str, ...]] = {}
        self.notes: dict[str, str] = {}

    def by_hand(self, environment: str, service: str, image: str) -> None:
        """Have somebody else change what runs."""
        written = self.applied[f"{environment}/{service}"]
        manifests = json.dumps({"image": image}).encode()
        written.append(Applied(f"hand{len(written)}", None, 0, "", "", (image,), manifests))

    def with_helm(self, environment: str, service: str, found: Found) -> None:
        """Have somebody else deploy with Helm; it can be adopted."""
        place = f"{environment}/{service}"
        self.adoptable[place] = found
        self.applied[place].append(
            Applied(found.revision, None, 0, "", found.chart_version, found.images, found.manifests)
        )

    def live(self, environment: str, service: str) -> Applied | None:
        """What is applied now."""
        written = self.applied[f"{environment}/{service}"]
        return written[-1] if written and written[-1].manifests is not None else None


class MemoryApplier:
    """Applies an order once, never over a later promotion's."""

    def __init__(self, environments: MemoryEnvironments, troubles: Troubles) -> None:
        self._environments, self._troubles = environments, troubles

    def apply(self, order: DeployOrder) -> DeployReport:
        """See Applier."""
        self._environments.orders[path_of(order.place)] = order
        report = self._apply(order, order.manifests)
        said = self._environments.reports.get(path_of(order.place))
        return replace(said, revision=report.revision) if said is not None else report

    def remove(self, order: DeployOrder) -> DeployReport:
        """See Applier."""
        return self._apply(order, None)

    def found(self, place: Place) -> Found | None:
        """Return what a test says is there (`adoptable`)."""
        return self._environments.adoptable.get(path_of(place))

    def preflight(self, place: Place, manifests: bytes) -> tuple[ClusterObjection, ...]:
        """Return what a test says that the cluster objects to (`objections`)."""
        self._troubles.hit("applier.read")
        return self._environments.objections.get(path_of(place), ())

    def mend(self, place: Place, revision: str) -> tuple[str, ...]:
        """Name once what a test says was written late (`late`)."""
        return self._environments.late.pop(path_of(place), ())

    def note(self, place: Place, revision: str, text: str) -> None:
        """Keep it (`notes`)."""
        self._troubles.hit("applier.note")
        self._environments.notes[revision] = text

    def running(self, place: Place) -> Running | None:
        """See Applier."""
        self._troubles.hit("applier.read")
        written = self._environments.applied[path_of(place)]
        if not written or written[-1].manifests is None:
            return None
        last = written[-1]
        return Running(
            revision=last.revision,
            turn=last.turn if last.number is not None else None,
            foreign=last.number is None,
            images=last.images,
        )

    def _apply(self, order: DeployOrder, manifests: bytes | None) -> DeployReport:
        self._troubles.hit("applier.write")
        written = self._environments.applied[path_of(order.place)]
        for one in written:
            if one.effect == order.id:
                return DeployReport(revision=one.revision, already=True)
        highest = max((one.turn for one in written), default=0)
        if highest > order.turn:
            raise Fenced(f"a later deployment has written {order.place.environment} already")
        if isinstance(order.place.target, HelmTarget) and manifests is not None:
            return self._with_helm(order, written)
        return self._write(order, manifests, written)

    def _with_helm(self, order: DeployOrder, written: list[Applied]) -> DeployReport:
        """As Helm's applier does: nothing is begun too late, nor written where nothing has to change; pods start anew once."""
        clock = self._environments.clock
        if clock is not None and order.until is not None and clock() >= order.until:
            raise Transient(f"the time of promotion {order.promotion} is over, and nothing was begun")
        restarts = self._environments.restarts[path_of(order.place)]
        if order.restart and order.id not in restarts:
            restarts.append(order.id)
        last = written[-1] if written else None
        if last is not None and last.number is not None and last.manifests == order.manifests:
            return DeployReport(revision=last.revision, unchanged=not order.restart)
        return self._write(order, order.manifests, written)

    def _write(self, order: DeployOrder, manifests: bytes | None, written: list[Applied]) -> DeployReport:
        revision = f"r{order.promotion}.{order.id.rpartition(':')[2]}"
        written.append(Applied(revision, order.promotion, order.turn, order.id, order.version, order.images, manifests))
        return DeployReport(revision=revision)


class MemoryWatcher:
    """Says how what was written is doing."""

    def __init__(self, environments: MemoryEnvironments, troubles: Troubles) -> None:
        self._environments, self._troubles = environments, troubles

    def observe(self, place: Place, revision: str) -> Rollout:
        """See RolloutWatcher."""
        self._troubles.hit("watcher.observe")
        path, slow = path_of(place), self._environments.slow
        newest = self._environments.applied[path][-1]
        if newest.revision != revision:
            return Rollout(state=RolloutState.REPLACED, reason=f"{newest.revision} was written after it")
        environment, service = path.split("/")
        key = (service, environment, newest.version)
        shown = self._environments.shows.get(key, {})
        if slow.get(key, 0) > 0:
            slow[key] -= 1
            return Rollout(state=RolloutState.PROGRESSING, reason="0 of 1 replicas are ready", **shown)
        state = self._environments.health.get(key, RolloutState.HEALTHY)
        reason = "" if state is RolloutState.HEALTHY else "0 of 1 replicas are ready"
        return Rollout(state=state, reason=reason, **shown)


def path_of(place: Place) -> str:
    """Where a service lies among environments: `production/delivery`."""
    if isinstance(place.target, GitOpsTarget):
        return place.target.path
    return f"{place.environment}/{place.service.service}"
