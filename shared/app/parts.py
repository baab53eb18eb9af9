"""What the use cases work with: one record of ports, wired once by bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from shared.domain.policy import DeployTarget
from shared.ports.anchors import Anchors
from shared.ports.builder import Builder
from shared.ports.chart import Charts
from shared.ports.deployer import Deployer
from shared.ports.directory import Directory
from shared.ports.evidence import Evidence
from shared.ports.people import People
from shared.ports.policies import PolicyReader
from shared.ports.queues import QueueLook, QueueReceiver, Queues
from shared.ports.registry import Registry
from shared.ports.rows import Rows
from shared.ports.source import Source
from shared.ports.statuses import Statuses
from shared.ports.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How often to look again, and how long to try."""

    rollout_poll: timedelta = timedelta(seconds=15)
    build_poll: timedelta = timedelta(seconds=30)
    held_poll: timedelta = timedelta(minutes=2)
    first_retry: timedelta = timedelta(seconds=2)
    most_tries: int = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What acts on an environment, all with one identity. `deployer` returns the one that serves a target."""

    registry: Registry
    charts: Charts
    deployer: Callable[[DeployTarget], Deployer]


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Ports by role. Time and ids are passed in; `deployer` returns the one that serves a target.

    Registry, charts and deployer act as Slipway itself; `identities` returns those that act with an environment's identity,
    and raises Permanent where this process does not hold it. None: there are no identities here, as on one machine.
    `production` names the identities of production's worker.
    Without a `directory` people and groups are matched by what is written. Nor need there be a look at queues, a
    `receiver` of what went to poison, or a place for anchors. `warnings` say what people should know of how this process is set up.
    """

    store: Store
    rows: Rows
    evidence: Evidence
    queues: Queues
    source: Source
    statuses: Statuses
    registry: Registry
    charts: Charts
    builder: Builder
    people: People
    policies: PolicyReader
    deployer: Callable[[DeployTarget], Deployer]
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    scratch: Path
    timing: Timing = Timing()
    identities: Callable[[str], Outside] | None = None
    production: frozenset[str] = frozenset()
    directory: Directory | None = None
    queue_look: QueueLook | None = None
    receiver: QueueReceiver | None = None
    anchors: Anchors | None = None
    warnings: tuple[str, ...] = ()

    def at(self, identity: str | None) -> Outside:
        """Return what acts with an identity; None is Slipway's own."""
        if identity is not None and self.identities is not None:
            return self.identities(identity)
        return Outside(registry=self.registry, charts=self.charts, deployer=self.deployer)
