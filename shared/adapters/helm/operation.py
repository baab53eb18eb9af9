"""One order, carried out: look at the history, heal what a dead client left, act once, look again."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, assert_never

from shared.adapters.helm import drift
from shared.adapters.helm.faults import fault_of
from shared.adapters.helm.looking import DIED, SKEW, Act, Done, EndedBadly, Heal, Later, Wait, look
from shared.adapters.helm.manifests import applied_of, hook_of, objects_of, waits_for_hooks
from shared.adapters.helm.marks import Mark, label_of, mark_of, read_revision, revision_text, seconds
from shared.adapters.helm.process import GRACE, Ended, Processes, of_answer
from shared.adapters.helm_charts.manifests import given
from shared.adapters.kubernetes import releases
from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.connection import ClusterConnection
from shared.adapters.kubernetes.faults import Conflict
from shared.adapters.kubernetes.objects import Objects, name_of
from shared.adapters.kubernetes.releases import ReleaseRecord, Revision
from shared.domain.policies.policy import HelmTarget
from shared.ports.applier import Busy, DeployOrder, DeployReport, Fenced
from shared.ports.chart import Charts
from shared.ports.errors import NotFound, Permanent, Transient

_ROUNDS = 5
RESTARTED = "slipway-restarted"
_HAS_PODS = frozenset({"Deployment", "StatefulSet", "DaemonSet"})


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster as one environment's identity sees it."""

    connection: ClusterConnection
    api: Api


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What carrying out an order takes, beside the cluster."""

    charts: Charts
    processes: Processes
    scratch: Path
    new_id: Callable[[], str]
    now: Callable[[], datetime]


class Operation:
    """What one order comes to in a cluster; used once."""

    def __init__(self, cluster: Cluster, tools: Tools, order: DeployOrder) -> None:
        self._cluster, self._tools, self._order = cluster, tools, order
        place = order.place
        if not isinstance(place.target, HelmTarget):
            raise Permanent(f"{place.environment} is not deployed to with Helm", ours=True)
        self._target = place.target
        self._effect = label_of(order.id)
        self._objects = Objects(cluster.api, place.namespace)
        self._doing = f"{place.service.service} {order.version} in {place.environment}"
        self._healed: list[str] = []

    def apply(self) -> DeployReport:
        """See HelmApplier."""
        for _ in range(_ROUNDS):
            history = self._history()
            match self._look(history):
                case Done(revision):
                    self._restart(applied_of(self._order.manifests, self._tools.charts.parse))
                    return self._report(revision.number, already=True)
                case EndedBadly(revision):
                    if (fault := self._ended(revision)) is not None:
                        raise fault
                    return self._act(history)
                case Act():
                    return self._act(history)
                case found:
                    self._prepare(found)
        raise Transient(f"{self._doing}: the release does not come to rest; somebody else is at it")

    def remove(self) -> DeployReport:
        """See HelmApplier."""
        for _ in range(_ROUNDS):
            history = self._history()
            if not history:
                return self._report(0, already=True)
            match self._look(history):
                case Later() | Wait() | Heal() as found:
                    self._prepare(found)
                case _:
                    if mark_of(history[-1]) is None:
                        raise Fenced(f"{self._doing}: revision {history[-1].number} is not Slipway's, and stays")
                    self._uninstall()
        raise Transient(f"{self._doing}: the release does not go away; somebody else is at it")

    def _look(self, history: tuple[Revision, ...]) -> Act | Done | EndedBadly | Later | Wait | Heal:
        patience = int(self._target.timeout.total_seconds() + GRACE)
        order, now = self._order, seconds(self._tools.now())
        return look(history, self._effect, order.turn, order.good, now=now, patience=patience)

    def _prepare(self, found: Done | Later | Wait | Heal) -> None:
        match found:
            case Later(revision, mark):
                raise Fenced(
                    f"a later deployment ({mark.effect}) has written revision {revision.number} already; promotion"
                    f" {self._order.promotion} of {self._doing} may change nothing any more"
                )
            case Wait(revision, left):
                raise Busy(
                    f"{self._doing}: revision {revision.number} is {revision.status}, and its client may still be at it",
                    retry_after=timedelta(seconds=left),
                )
            case Heal():
                self._heal(found)
            case Done():
                pass
            case _:
                assert_never(found)

    def _heal(self, found: Heal) -> None:
        dead = found.revision
        if found.uninstall:
            self._uninstall()
            self._healed.append(f"an uninstall that broke off (revision {dead.number}) was finished")
            return
        record = self._read(dead.number)
        # Read again: as it was, or somebody else has healed it meanwhile.
        if record is None or record.revision.status != dead.status or dict(record.revision.own) != dict(dead.own):
            return
        words = f"{DIED} while it was {dead.status}"
        place = self._order.place
        try:
            releases.mark(self._cluster.api, place.namespace, record, description=words, status="failed", final=True)
        except Conflict:
            return
        self._healed.append(f"revision {dead.number} was {dead.status} by a client that died, and is marked failed")
        if found.back is not None:
            self._take_back(self._manifests_of(found.back.number))
            self._go_back(found.back)
            self._healed.append(f"the release went back to revision {found.back.number}")

    def _act(self, history: tuple[Revision, ...]) -> DeployReport:
        wanted = applied_of(self._order.manifests, self._tools.charts.parse)
        last = self._read(history[-1].number) if history else None
        if last is not None and (known := self._nothing_to_do(last, wanted)):
            self._restart(wanted)
            return self._report(history[-1].number, effect=known, unchanged=not self._order.restart)
        if self._order.force:
            self._take_back(wanted)
        before = self._same_before(history, wanted)
        number = self._back_to(before, history) if before is not None else None
        if number is None:
            number = self._upgrade(history)
        self._restart(wanted)
        return self._report(number)

    def _upgrade(self, history: tuple[Revision, ...]) -> int:
        order, place, chart = self._order, self._order.place, self._order.chart
        if chart is None:
            raise Permanent(f"{self._doing}: there is no chart to apply; push a version with one")
        install = not history or history[-1].status == "uninstalled"
        number = history[-1].number + 1 if history else 1
        until, folder = self._until(), self._tools.scratch / self._tools.new_id()
        try:
            package = self._tools.charts.pull(
                chart.registry, chart.repository, chart.digest, version=chart.version, into=folder
            )
            made = self._run(
                "apply",
                until=until,
                chart=str(package),
                checked=order.manifests.decode(errors="replace"),
                install=install,
                timeout=int(self._target.timeout.total_seconds()),
                wait=self._wait(),
                max_history=self._target.max_history,
                description=order.cause,
                labels=Mark(self._effect, order.turn, until).labels(number),
                name=place.release_name,
                **given(chart.rendering),
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        found = made.get("revision") if isinstance(made, dict) else None
        if isinstance(found, int) and found != number:
            # Somebody came between: what was written for another number would be nobody's.
            self._label(found, until)
            return found
        return number

    def _same_before(self, history: tuple[Revision, ...], wanted: tuple[dict[str, Any], ...]) -> Revision | None:
        """The revision of Helm's history that is exactly what is ordered, where Slipway knows it as good."""
        known = read_revision(self._order.before)
        for one in reversed(history):
            mark = mark_of(one)
            if mark is not None and (one.number, mark.effect) == known and one.status in ("deployed", "superseded"):
                return one if _same(self._manifests_of(one.number), wanted) else None
        return None

    def _back_to(self, before: Revision, history: tuple[Revision, ...]) -> int | None:
        try:
            self._go_back(before)
        except NotFound:
            return None
        newest = self._history()[-1]
        if newest.number <= history[-1].number:
            raise Transient(f"{self._doing}: Helm went back to revision {before.number} and wrote no revision for it")
        self._label(newest.number, self._until(), self._order.cause)
        return newest.number

    def _go_back(self, to: Revision) -> None:
        timeout = int(self._target.timeout.total_seconds())
        self._run(
            "go_back",
            until=self._until(),
            name=self._order.place.release_name,
            revision=to.number,
            timeout=timeout,
            wait="hookOnly",
        )

    def _uninstall(self) -> None:
        try:
            self._run(
                "remove",
                until=self._until(),
                name=self._order.place.release_name,
                timeout=int(self._target.timeout.total_seconds()),
                description=self._order.cause,
            )
        except NotFound:
            return

    def _run(self, job: str, *, until: int, **values: Any) -> Any:
        connection = self._cluster.connection
        cluster = {
            "server": connection.server,
            "token": connection.token(),
            "authority": connection.authority,
            "server_name": connection.server_name,
            "kubeconfig": connection.kubeconfig() if connection.certificate else "",
        }
        asked = {"cluster": cluster, "namespace": self._order.place.namespace, "until": until, **values}
        timeout = self._target.timeout.total_seconds()
        try:
            answer = self._tools.processes.run(job, asked, timeout=timeout, doing=self._doing)
        except Ended as error:
            left = max(0, until + SKEW - seconds(self._tools.now()))
            raise Transient(f"{self._doing}: {error}", retry_after=timedelta(seconds=left)) from error
        done, failed, why = of_answer(answer)
        if not failed:
            return done
        if failed == "HelmNotFoundError":
            raise NotFound(f"{self._doing}: {why}")
        raise fault_of(failed, why, self._doing)

    def _until(self) -> int:
        """When this attempt's child has ended, whatever becomes of us, in seconds since the epoch."""
        now = self._tools.now()
        end = now + self._target.timeout + timedelta(seconds=GRACE)
        return seconds(min(end, self._order.until) if self._order.until is not None else end)

    def _wait(self) -> str:
        hooks = waits_for_hooks(objects_of(self._order.manifests, self._tools.charts.parse))
        return "watcher" if hooks else "hookOnly"

    def _nothing_to_do(self, last: ReleaseRecord, wanted: tuple[dict[str, Any], ...]) -> str:
        """The effect that brought exactly this, as it still runs; empty where something has to be applied, or a hook to run."""
        mark = mark_of(last.revision)
        everything = objects_of(self._order.manifests, self._tools.charts.parse)
        if mark is None or last.revision.status != "deployed" or any(hook_of(one) for one in everything):
            return ""
        there = _same(self._applied_by(last), wanted) and all(self._objects.as_applied(one) for one in wanted)
        return mark.effect if there else ""

    def _take_back(self, wanted: tuple[dict[str, Any], ...]) -> None:
        history = self._history()
        applied = self._manifests_of(history[-1].number) if history else ()
        self._healed += [f"taken back: {one}" for one in drift.take_back(self._objects, wanted, applied)]

    def _restart(self, wanted: tuple[dict[str, Any], ...]) -> None:
        """The effect's name on the pods' template: asked twice, the pods start anew once."""
        if not self._order.restart:
            return
        body = {"spec": {"template": {"metadata": {"annotations": {RESTARTED: self._effect}}}}}
        for one in wanted:
            if one.get("kind") in _HAS_PODS:
                self._cluster.api.patch(
                    self._objects.path(one), body, [("fieldManager", "slipway")], kind="application/merge-patch+json"
                )

    def _label(self, number: int, until: int, description: str | None = None) -> None:
        record = self._read(number)
        if record is not None:
            labels = Mark(self._effect, self._order.turn, until).labels(number)
            words = record.description if description is None else description
            releases.mark(self._cluster.api, self._order.place.namespace, record, description=words, labels=labels)

    def _history(self) -> tuple[Revision, ...]:
        return releases.history(self._cluster.api, self._order.place.namespace, self._order.place.release_name)

    def _read(self, number: int) -> ReleaseRecord | None:
        place = self._order.place
        return releases.read(self._cluster.api, place.namespace, place.release_name, number)

    def _manifests_of(self, number: int) -> tuple[dict[str, Any], ...]:
        record = self._read(number)
        return self._applied_by(record) if record is not None else ()

    def _applied_by(self, record: ReleaseRecord) -> tuple[dict[str, Any], ...]:
        return applied_of(record.manifest.encode(), self._tools.charts.parse)

    def _ended(self, revision: Revision) -> Exception | None:
        """Why the same order failed before; None where it only broke off, and is applied once more."""
        record = self._read(revision.number)
        if record is None or record.description.startswith(DIED):
            return None
        fault = fault_of("HelmReleaseError", record.description, self._doing)
        return None if isinstance(fault, Transient) else fault

    def _report(self, number: int, *, effect: str = "", already: bool = False, unchanged: bool = False) -> DeployReport:
        return DeployReport(
            revision=revision_text(number, effect or self._effect),
            already=already,
            unchanged=unchanged,
            healed=tuple(self._healed),
        )


def _same(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> bool:
    def sorted_by_name(found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return sorted(found, key=name_of)

    return sorted_by_name(one) == sorted_by_name(other)
