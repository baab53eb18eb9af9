"""What applies an artifact to an environment, and shows what is applied there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from shared.domain.policies.place import Place
from shared.domain.values.person import Person
from shared.ports.errors import Permanent


class Fenced(Permanent):
    """A later promotion has written already; this one may not any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployOrder:
    """What to apply. `id` is the effect's. `turn` rises with every slot that is taken: an order never overwrites one of a later turn,
    while a promotion that waited long has its turn late.

    `manifests` were rendered and checked before; an applier that lets Helm render uses chart, values and settings and compares.
    `cause` is the change-cause for people, `images` are `host/repository:tag@digest`, the service's own first, `ledger_head` the
    ledger's hash at that time, for the record outside.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployReport:
    """What applying led to: `revision` names it for a watcher (a commit, a Helm revision); `already` if it was there."""

    revision: str
    already: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What runs in an environment now: who wrote it last, by which revision; `foreign` if not by Slipway.

    `images` are the image references found in what is applied.
    """

    revision: str
    turn: int | None
    foreign: bool
    images: tuple[str, ...]


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
