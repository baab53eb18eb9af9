"""What applies an artifact to an environment and shows what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from shared.domain.person import Person
from shared.domain.policy import DeployTarget
from shared.ports.errors import Permanent


class Fenced(Permanent):
    """A later promotion has written already; this one may not any more."""


class RolloutState(StrEnum):
    """What the environment shows while a deployment settles."""

    PROGRESSING = "progressing"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployOrder:
    """What to apply. `id` is the effect's. `turn` rises with every slot that is taken: an order never overwrites one of a later turn,
    while a promotion that waited long has its turn late.

    `target` has its placeholders filled in. `manifests` were rendered and checked before; a deployer that lets Helm render uses chart,
    values and settings and compares. `cause` is the change-cause for people, `images` are `host/repository:tag@digest`, the
    service's own first, `ledger_head` the ledger's hash at that time, for the record outside.
    """

    id: str
    turn: int
    promotion: int
    repository: str
    service: str
    environment: str
    namespace: str
    version: str
    commit: str
    images: tuple[str, ...]
    manifests: bytes
    target: DeployTarget
    author: Person
    cause: str
    ledger_head: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployReport:
    """What applying led to: `revision` names it for observe (a commit, a Helm revision); `already` if it was there."""

    revision: str
    already: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """What the environment shows of a revision, with a reason for people."""

    state: RolloutState
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What runs in an environment now: who wrote it last, by which revision; `foreign` if not by Slipway.

    `images` are the image references found in what is applied.
    """

    revision: str
    turn: int | None
    foreign: bool
    images: tuple[str, ...]


class Deployer(Protocol):
    """One way to deploy. Applying an order twice is harmless: it looks before it acts."""

    def deploy(self, order: DeployOrder) -> DeployReport:
        """Apply. Raise Fenced, Permanent (the release's fault unless `ours`), Transient."""
        ...

    def observe(self, target: DeployTarget, revision: str) -> Rollout:
        """Read how the revision is doing. Raise Transient when the environment cannot be read."""
        ...

    def running(self, target: DeployTarget) -> Running | None:
        """Read what is applied now; None where nothing is."""
        ...

    def remove(self, order: DeployOrder) -> DeployReport:
        """Take the service out of the environment (a first deployment that failed); `manifests` are ignored."""
        ...
