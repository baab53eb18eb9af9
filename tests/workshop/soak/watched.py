"""The outside in memory, with somebody who watches what is written and asked at the very moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Protocol

from shared.app.views.service_records import ServiceView
from shared.codec.envelope import parse
from shared.domain.messages.queues import INSPECT, INSPECT_QUEUE
from shared.domain.policies.place import Place
from shared.domain.policies.policy import RepositoryPolicy
from shared.domain.state.phases import Phase
from shared.domain.values.records import replace
from shared.ports.applier import DeployOrder, DeployReport
from shared.ports.people import Question
from shared.ports.policies import Fault, PolicyReader
from shared.ports.queues import Received
from shared.ports.rollout_watcher import Rollout, RolloutState
from tests.support.app_parts import Harness
from tests.support.outside_environments import MemoryApplier, MemoryEnvironments, MemoryWatcher, path_of
from tests.support.outside_source import Troubles
from tests.workshop.soak.seen import Open

# What may be out of reach.
CALLS = (
    "registry.copy",
    "registry.push",
    "registry.tag",
    "applier.write",
    "watcher.observe",
    "applier.read",
    "registry.read",
    "registry.has",
    "charts.pull",
    "builder.build",
    "people.ask",
    "source",
)
_ENDED = frozenset(phase.value for phase in Phase if phase.ended)


class Watcher(Protocol):
    """Who is told."""

    def begins(self, order: DeployOrder) -> None:
        """Something is about to be applied."""

    def wrote(self, order: DeployOrder) -> None:
        """Something was applied."""

    def stands(self, order: DeployOrder) -> None:
        """Nothing had to change: what was ordered was there."""

    def removed(self, order: DeployOrder) -> None:
        """Something was taken out."""

    def looked(self, place: str, state: RolloutState) -> None:
        """An environment said how it is doing."""

    def asked(self, question: Question) -> None:
        """A question was put."""

    def reached(self, push: str) -> None:
        """A message of a push is about to be taken."""

    def heard(self, push: str) -> None:
        """A message of a push was taken, not put off."""


class WatchedApplier(MemoryApplier):
    """Tells what is applied and removed."""

    def __init__(self, environments: MemoryEnvironments, troubles: Troubles, watcher: Watcher) -> None:
        super().__init__(environments, troubles)
        self._watcher = watcher

    def apply(self, order: DeployOrder) -> DeployReport:
        """See Applier."""
        if order.cause.startswith("back to "):
            # What was adopted and is no version comes back in the place of a removal, when nobody has the slot.
            report = super().apply(order)
            if not report.already:
                self._watcher.removed(order)
            return report
        self._watcher.begins(order)
        report = super().apply(order)
        if not report.already:
            ours = self._environments.applied[path_of(order.place)][-1].effect == order.id
            (self._watcher.wrote if ours else self._watcher.stands)(order)
        return report

    def remove(self, order: DeployOrder) -> DeployReport:
        """See Applier."""
        report = super().remove(order)
        if not report.already:
            self._watcher.removed(order)
        return report


class WatchedRollouts(MemoryWatcher):
    """Tells how what was applied is seen."""

    def __init__(self, environments: MemoryEnvironments, troubles: Troubles, watcher: Watcher) -> None:
        super().__init__(environments, troubles)
        self._watcher = watcher

    def observe(self, place: Place, revision: str) -> Rollout:
        """See RolloutWatcher."""
        rollout = super().observe(place, revision)
        self._watcher.looked(path_of(place), rollout.state)
        return rollout


class WatchedHarness(Harness):
    """A process of the application that shows which pushes it has heard of."""

    watcher: Watcher

    def take(self, message: Received) -> None:
        """See Harness."""
        inspects, before = message.queue == INSPECT_QUEUE, self.waiting(INSPECT)
        if inspects:
            self.watcher.reached(parse(message.body).message.id)
        super().take(message)
        if inspects and self.waiting(INSPECT) == before:
            self.watcher.heard(parse(message.body).message.id)


class RememberedPolicies:
    """Reads each file once: what it says does not depend on the commit that it is of, and reading takes long."""

    _read: ClassVar[dict[tuple[str, bytes, tuple[str, ...]], RepositoryPolicy]] = {}

    def __init__(self, reader: PolicyReader) -> None:
        self._reader = reader

    def compile(self, content: bytes, *, repository: str, commit: str, files: Sequence[str]) -> RepositoryPolicy:
        """See PolicyReader."""
        key = (repository, content, tuple(files))
        if key not in self._read:
            self._read[key] = self._reader.compile(content, repository=repository, commit=commit, files=files)
        found = self._read[key]
        return replace(found, commit=commit, services=tuple(replace(one, commit=commit) for one in found.services))

    def at_approvers(self, content: bytes, problems: Mapping[str, str]) -> Sequence[Fault]:
        """See PolicyReader."""
        return self._reader.at_approvers(content, problems)


def open_ones(shown: ServiceView) -> Iterator[Open]:
    """What the API says is open."""
    for release in shown.releases:
        under_way = [one for one in release.promotions if one.phase not in _ENDED]
        for one in under_way:
            kept = tuple((each.gate, each.reason, tuple(each.who)) for each in one.blockers)
            yield Open(release.version, one.environment, one.number, one.kind, one.phase, kept)
        if not under_way:
            kept = tuple((each.gate, each.reason, tuple(each.who)) for each in release.blockers)
            yield Open(release.version, "", 0, "", release.phase, kept)
