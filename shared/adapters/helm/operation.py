"""One order, carried out: look at the history, heal what a dead client left, act once, look again."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from shared.adapters.helm import drift
from shared.adapters.helm.access import ReleaseAccess, Tools
from shared.adapters.helm.faults import fault_of
from shared.adapters.helm.hooks import refuse_taken
from shared.adapters.helm.looking import DIED, Act, Done, EndedBadly, Heal, Later, Wait, look
from shared.adapters.helm.manifests import hook_of, objects_of, stay, waits_for_hooks
from shared.adapters.helm.marks import RevisionMark, label_of, mark_of, read_revision, revision_text, seconds
from shared.adapters.helm.process import GRACE
from shared.adapters.helm.stuck import free
from shared.adapters.helm_charts.manifests import given
from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.faults import Conflict
from shared.adapters.kubernetes.objects import name_of
from shared.adapters.kubernetes.releases import ReleaseRecord, Revision
from shared.ports.applier import Busy, DeployOrder, DeployReport, Fenced
from shared.ports.errors import NotFound, Permanent, Transient

_ROUNDS = 5
RESTARTED = "slipway-restarted"
_HAS_PODS = frozenset({"Deployment", "StatefulSet", "DaemonSet"})


class HelmOperation:
    """What one order comes to in a cluster; used once."""

    def __init__(self, api: Api, tools: Tools, order: DeployOrder) -> None:
        place = order.place
        self._doing = f"{place.service.service} {order.version} in {place.environment}"
        self._tools, self._order, self._effect = tools, order, label_of(order.id)
        self._release = ReleaseAccess(api, tools, place, self._doing, order.until)
        self._everything = objects_of(order.manifests, tools.charts.parse)
        self._wanted = stay(self._everything)
        self._healed: list[str] = []

    def apply(self) -> DeployReport:
        """See HelmApplier."""
        for _ in range(_ROUNDS):
            history = self._release.history()
            match self._look(history):
                case Done(revision):
                    self._restart()
                    return self._report(revision.number, already=True)
                case EndedBadly(revision):
                    if (fault := self._ended(revision)) is not None:
                        raise fault
                    return self._act(history)
                case Act():
                    return self._act(history)
                case Later() | Wait() | Heal() as found:
                    self._prepare(found)
        raise Transient(f"{self._doing}: the release does not come to rest; somebody else is at it")

    def remove(self) -> DeployReport:
        """See HelmApplier."""
        for _ in range(_ROUNDS):
            history = self._release.history()
            if not history:
                return self._report(0, already=True)
            match self._look(history):
                case Later() | Wait() | Heal() as found:
                    self._prepare(found)
                case _:
                    if mark_of(history[-1]) is None:
                        raise Fenced(f"{self._doing}: revision {history[-1].number} is not Slipway's, and stays")
                    self._release.uninstall(self._order.cause)
        raise Transient(f"{self._doing}: the release does not go away; somebody else is at it")

    def _look(self, history: tuple[Revision, ...]) -> Act | Done | EndedBadly | Later | Wait | Heal:
        patience = int(self._release.target.timeout.total_seconds() + GRACE)
        order, now = self._order, seconds(self._tools.now())
        return look(history, self._effect, order.turn, order.good, now=now, patience=patience)

    def _prepare(self, found: Later | Wait | Heal) -> None:
        match found:
            case Later(revision, mark):
                raise Fenced(
                    f"a later deployment ({mark.effect}) has written revision {revision.number} already; promotion"
                    f" {self._order.promotion} of {self._doing} may change nothing any more; if there was none, somebody wrote"
                    f" that on Helm's record: delete the label slipway-turn of Secret {revision.secret}"
                )
            case Wait(revision, left):
                raise Busy(
                    f"{self._doing}: revision {revision.number} is {revision.status}, and its client may still be at it",
                    retry_after=timedelta(seconds=left),
                )
            case Heal():
                self._heal(found)

    def _heal(self, found: Heal) -> None:
        dead = found.revision
        if found.uninstall:
            self._release.uninstall(self._order.cause)
            self._healed.append(f"an uninstall that broke off (revision {dead.number}) was finished")
            return
        record = self._release.read(dead.number)
        # Read again: as it was, or somebody else has healed it meanwhile.
        if record is None or record.revision.status != dead.status or dict(record.revision.own) != dict(dead.own):
            return
        words = f"{DIED} while it was {dead.status}"
        try:
            self._release.mark(record, description=words, status="failed", final=True)
        except Conflict:
            return
        self._healed.append(f"revision {dead.number} was {dead.status} by a client that died, and is marked failed")
        if found.back is not None:
            self._take_back(self._release.applied(self._release.read(found.back.number)), record)
            self._release.go_back(found.back.number)
            self._healed.append(f"the release went back to revision {found.back.number}")

    def _act(self, history: tuple[Revision, ...]) -> DeployReport:
        last = self._release.read(history[-1].number) if history else None
        if last is not None and (known := self._nothing_to_do(last)):
            self._restart()
            return self._report(history[-1].number, effect=known, unchanged=not self._order.restart)
        refuse_taken(self._release.objects, self._everything, self._doing)
        if self._order.force:
            self._take_back(self._wanted, last)
        before = self._same_before(history)
        number = self._back_to(before, history) if before is not None else None
        if number is None:
            number = self._upgrade(history)
        if self._order.force:
            self._healed += free(self._release.api, self._release.objects, self._wanted)
        self._restart()
        return self._report(number)

    def _upgrade(self, history: tuple[Revision, ...]) -> int:
        order, chart = self._order, self._order.chart
        if chart is None:
            raise Permanent(f"{self._doing}: there is no chart to apply; push a version with one")
        install = not history or history[-1].status == "uninstalled"
        number = history[-1].number + 1 if history else 1
        until, folder = self._release.until(), self._tools.scratch / self._tools.new_id()
        try:
            package = self._tools.charts.pull(
                chart.registry, chart.repository, chart.digest, version=chart.version, into=folder
            )
            made = self._release.run(
                "apply",
                chart=str(package),
                checked=order.manifests.decode(errors="replace"),
                install=install,
                wait=self._wait(),
                max_history=self._release.target.max_history,
                description=order.cause,
                labels=RevisionMark(self._effect, order.turn, until).labels(number),
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

    def _same_before(self, history: tuple[Revision, ...]) -> Revision | None:
        """The revision of Helm's history that is exactly what is ordered, where Slipway knows it as good."""
        known = read_revision(self._order.before)
        for one in reversed(history):
            mark = mark_of(one)
            # Of what was adopted there is a number alone.
            if (one.number, mark.effect if mark else "") == known and one.status in ("deployed", "superseded"):
                return one if _same(self._release.applied(self._release.read(one.number)), self._wanted) else None
        return None

    def _back_to(self, before: Revision, history: tuple[Revision, ...]) -> int | None:
        try:
            self._release.go_back(before.number)
        except NotFound:
            return None
        newest = self._release.history()[-1]
        if newest.number <= history[-1].number:
            raise Transient(f"{self._doing}: Helm went back to revision {before.number} and wrote no revision for it")
        self._label(newest.number, self._release.until(), self._order.cause)
        return newest.number

    def _wait(self) -> str:
        return "watcher" if waits_for_hooks(self._everything) else "hookOnly"

    def _nothing_to_do(self, last: ReleaseRecord) -> str:
        """The effect that brought exactly this, as it still runs; empty where something has to be applied, or a hook to run."""
        mark = mark_of(last.revision)
        if mark is None or last.revision.status != "deployed" or any(map(hook_of, self._everything)):
            return ""
        objects = self._release.objects
        there = _same(self._release.applied(last), self._wanted) and all(
            drift.is_there(objects, one) for one in self._wanted
        )
        return mark.effect if there else ""

    def _take_back(self, wanted: tuple[dict[str, Any], ...], last: ReleaseRecord | None) -> None:
        applied = self._release.applied(last)
        self._healed += [f"taken back: {one}" for one in drift.take_back(self._release.objects, wanted, applied)]

    def _restart(self) -> None:
        """The effect's name on the pods' template: asked twice, the pods start anew once."""
        if not self._order.restart:
            return
        body = {"spec": {"template": {"metadata": {"annotations": {RESTARTED: self._effect}}}}}
        for one in self._wanted:
            if str(one.get("kind")) in _HAS_PODS:
                self._release.api.patch(
                    self._release.objects.path(one),
                    body,
                    [("fieldManager", "slipway")],
                    kind="application/merge-patch+json",
                )

    def _label(self, number: int, until: int, description: str | None = None) -> None:
        record = self._release.read(number)
        if record is not None:
            labels = RevisionMark(self._effect, self._order.turn, until).labels(number)
            words = record.description if description is None else description
            self._release.mark(record, description=words, labels=labels)

    def _ended(self, revision: Revision) -> Exception | None:
        """Why the same order failed before; None where it only broke off, and is applied once more."""
        record = self._release.read(revision.number)
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
