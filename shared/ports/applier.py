"""What applies an artifact to an environment, and shows what is applied there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.policies.place import Place
from shared.domain.values.names import Digest
from shared.domain.values.person import Person
from shared.ports.chart import Rendering
from shared.ports.errors import Permanent, Transient


class Fenced(Permanent):
    """A later promotion has written already; this one may not any more."""


class Busy(Transient):
    """As many deployments run in this process as may; this one has not begun, and goes back without having failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartSource:
    """A chart by its digest, where the environment reads it, and what it is rendered with."""

    registry: str
    repository: str
    digest: Digest
    version: str
    rendering: Rendering


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployOrder:
    """What to apply. `id` is the effect's. `turn` rises with every slot that is taken: an order never overwrites one of a later turn,
    while a promotion that waited long has its turn late.

    `manifests` were rendered and checked before; an applier that lets Helm render uses chart, values and settings and compares.
    `cause` is the change-cause for people, `images` are `host/repository:tag@digest`, the service's own first, `ledger_head` the
    ledger's hash at that time, for the record outside.
    `chart` is for an applier that lets Helm render. `before` is the revision under which the same was good before, empty where it
    was not; `good` are all revisions that were good here, to go back to from what a dead client left. `force` takes back fields that others changed (a rollback, or where drift is corrected); `restart` also starts the pods
    anew. Nothing is begun after `until`.
    """

    id: str
    turn: int
    promotion: int
    place: Place
    version: str
    commit: str
    images: tuple[str, ...]
    manifests: bytes
    author: Person
    cause: str
    ledger_head: str = ""
    chart: ChartSource | None = None
    before: str = ""
    good: tuple[str, ...] = ()
    force: bool = False
    restart: bool = False
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployReport:
    """What applying led to: `revision` names it for a watcher (a commit, a Helm revision); `already` if it was there.

    `unchanged`: what runs was as ordered, and nothing had to be written. `healed` says in words what a dead client had left.
    """

    revision: str
    already: bool = False
    unchanged: bool = False
    healed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What runs in an environment now: who wrote it last, by which revision; `foreign` if not by Slipway.

    `images` are the image references found in what is applied.
    """

    revision: str
    turn: int | None
    foreign: bool
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What runs at a place that Slipway did not bring there, as its own tool tells: `revision` is the tool's, `images` are
    what the manifests name, `digests` what runs of them. `others` names objects that belong to nobody or to another release.
    """

    release_name: str
    revision: str
    chart: str
    chart_version: str
    app_version: str
    status: str
    images: tuple[str, ...]
    digests: tuple[str, ...]
    manifests: bytes
    values: bytes
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterObjection:
    """What an environment would say to one object before anything is written: `manager` holds the field, empty for another reason."""

    object: str
    field: str
    problem: str
    manager: str = ""


class Applier(Protocol):
    """One way to deploy. Applying an order twice is harmless: it looks before it acts."""

    def apply(self, order: DeployOrder) -> DeployReport:
        """Apply. Raise Fenced, Permanent (the release's fault unless `ours`), Transient."""
        ...

    def remove(self, order: DeployOrder) -> DeployReport:
        """Take the service out of the environment (a first deployment that failed); `manifests` are ignored."""
        ...

    def running(self, place: Place) -> Running | None:
        """Read what is applied now; None where nothing is."""
        ...

    def found(self, place: Place) -> Found | None:
        """Read what could be adopted; None where there is nothing. Raise Permanent where this way of deploying adopts nothing."""
        ...

    def preflight(self, place: Place, manifests: bytes) -> tuple[ClusterObjection, ...]:
        """Ask what the environment would say to manifests; empty where it says nothing, or nobody can ask."""
        ...

    def mend(self, place: Place, revision: str) -> tuple[str, ...]:
        """Apply again those objects of a revision that a client wrote late, and name them. Others' changes stay."""
        ...

    def note(self, place: Place, revision: str, text: str) -> None:
        """Write down beside a revision how its rollout ended, where there is a place for that."""
        ...
