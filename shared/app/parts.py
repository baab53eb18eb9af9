"""What the use cases work with: one record of ports, wired once by bootstrap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from shared.app.access import EnvironmentAccess, RepositoryAccess
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.reports import Report
from shared.ports.anchors import Anchors
from shared.ports.directory import Directory
from shared.ports.errors import NotFound
from shared.ports.evidence import Evidence
from shared.ports.people import People
from shared.ports.policies import PolicyReader
from shared.ports.queues import QueueLook, QueueReceiver, Queues
from shared.ports.rows import Rows
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
    """Ports by role. Time and ids are passed in.

    `hosts` are the hosts of repositories; no two have a repository of one name. `access_as` returns what acts with an
    identity, None for Slipway's own; it makes one for each identity, and raises Permanent for one that is not held here.
    `production` names the identities of production's worker.
    Without a `directory` people and groups are matched by what is written. Nor need there be a look at queues, a
    `receiver` of what went to poison, or a place for anchors. `reporting` takes what is reported of effects. `warnings` say what
    people should know of how this process is set up. `url` is where people reach the installation, empty where nobody said so.
    """

    store: Store
    rows: Rows
    evidence: Evidence
    queues: Queues
    hosts: tuple[RepositoryAccess, ...]
    access_as: Callable[[str | None], EnvironmentAccess]
    people: People
    policies: PolicyReader
    reporting: Callable[[App, Report, Delivery], None]
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    scratch: Path
    timing: Timing = Timing()
    production: frozenset[str] = frozenset()
    directory: Directory | None = None
    queue_look: QueueLook | None = None
    receiver: QueueReceiver | None = None
    anchors: Anchors | None = None
    warnings: tuple[str, ...] = ()
    url: str = ""

    def report(self, event: Report, delivery: Delivery) -> None:
        """Report what came of an effect. Whoever needs to know what was decided is no worker, and calls `handle`.

        Raise what storage raises; then the effect's message is delivered again.
        """
        self.reporting(self, event, delivery)

    def repositories(self) -> Sequence[str]:
        """Return the names of all repositories that are served here."""
        return sorted(name for host in self.hosts for name in host.source.repositories())

    def repository(self, name: str) -> RepositoryAccess:
        """Return the host of a repository; raise NotFound where none has it."""
        for host in self.hosts:
            if name in host.source.repositories():
                return host
        known = ", ".join(self.repositories()) or "none"
        raise NotFound(f"repository {name!r} is not served; known are {known}", ours=True)
