"""What the use cases work with: one record of ports, wired once by bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from shared.domain.policy import DeployTarget
from shared.ports.builder import Builder
from shared.ports.chart import Charts
from shared.ports.deployer import Deployer
from shared.ports.evidence import Evidence
from shared.ports.people import People
from shared.ports.policies import PolicyReader
from shared.ports.queues import Queues
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
class App:
    """Ports by role. Time and ids are passed in; `deployer` returns the one that serves a target."""

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
