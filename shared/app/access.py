"""What use cases act on, resolved by what it belongs to: a repository has its host, an environment its identity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.domain.policies.place import Place
from shared.ports.applier import Applier
from shared.ports.builder import Builder
from shared.ports.chart import Charts
from shared.ports.registry import Registry
from shared.ports.rollout_watcher import RolloutWatcher
from shared.ports.source import Source
from shared.ports.statuses import Statuses


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryAccess:
    """A host of repositories: `source` names those that it has, `statuses` and `builder` serve the same ones."""

    source: Source
    statuses: Statuses
    builder: Builder


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentAccess:
    """What acts on environments with one identity. `applier` and `watcher` return the one that serves a place."""

    registry: Registry
    charts: Charts
    applier: Callable[[Place], Applier]
    watcher: Callable[[Place], RolloutWatcher]
