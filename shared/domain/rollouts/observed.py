"""What one look at a cluster found of a release, in our words. Times are the cluster's own, so that no look needs another's memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

JOB = "Job"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerEnd:
    """How a container's run ended."""

    reason: str
    exit_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container of a pod. `image` is the manifest's, empty where the manifest names no such container: somebody added it.

    `waiting` is why it does not run, in Kubernetes' word; `ended` is its last end, if there was one.
    """

    name: str
    image: str
    image_id: str = ""
    ready: bool = False
    running: bool = False
    waiting: str = ""
    message: str = ""
    restarts: int = 0
    ended: ContainerEnd | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event as Kubernetes keeps it; `container` is empty where it is not about one."""

    reason: str
    message: str
    first: datetime
    last: datetime
    container: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodState:
    """A pod of a workload's current revision. `changed` is its newest change, `new` that this deployment brought it.

    `leaving`: it was evicted, or is being taken away. `unschedulable` is the scheduler's word, empty where it has a node.
    """

    name: str
    changed: datetime
    new: bool = True
    ready: bool = False
    leaving: bool = False
    unschedulable: str = ""
    containers: tuple[Container, ...] = ()
    happenings: tuple[Happening, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why no pod is made: what the API server says, and since when."""

    message: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One workload of a release, with its pods of the current revision.

    `lacks` says in words what it has not reached yet, empty where all is well. `overdue` is set where Kubernetes gave it up,
    `ended_badly` where a Job failed; both hold Kubernetes' words.
    """

    kind: str
    name: str
    lacks: str = ""
    overdue: str = ""
    ended_badly: str = ""
    refusal: Refusal | None = None
    pods: tuple[PodState, ...] = ()

    @property
    def object(self) -> str:
        """The object as people name it: `Deployment/delivery`."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All workloads of a release at one time, which is the cluster's."""

    at: datetime
    workloads: tuple[Workload, ...]
