"""What can be wrong with a rollout, and how long each may last. The table is all there is to say about that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import assert_never

from shared.domain.policies.patience import Patience
from shared.domain.rollouts.observed import JOB, Container, Happening, Look, PodState, Workload
from shared.domain.values.words import counted


class RolloutTrouble(StrEnum):
    """One thing that can be wrong, the surest first."""

    PROGRESS_DEADLINE = "ProgressDeadlineExceeded"
    JOB_FAILED = "JobFailed"
    BAD_IMAGE_NAME = "InvalidImageName"
    OUT_OF_MEMORY = "OOMKilled"
    CRASHING = "CrashLoopBackOff"
    NOT_CONFIGURED = "CreateContainerConfigError"
    NOT_CREATED = "FailedCreate"
    NOT_PULLED = "ImagePullBackOff"
    UNSCHEDULABLE = "Unschedulable"
    QUOTA = "QuotaExceeded"
    REGISTRY_BUSY = "RegistryBusy"
    NOT_READY = "NotReady"


class Allowance(StrEnum):
    """What a trouble is given: nothing, a patience of the policy, or all the time that the phase has."""

    NOT = "not"
    CREATE = "create"
    PULL = "pull"
    RESTARTS = "restarts"
    DEADLINE = "deadline"


ALLOWANCES: Mapping[RolloutTrouble, Allowance] = {
    RolloutTrouble.PROGRESS_DEADLINE: Allowance.NOT,
    RolloutTrouble.JOB_FAILED: Allowance.NOT,
    RolloutTrouble.BAD_IMAGE_NAME: Allowance.NOT,
    RolloutTrouble.OUT_OF_MEMORY: Allowance.RESTARTS,
    RolloutTrouble.CRASHING: Allowance.RESTARTS,
    RolloutTrouble.NOT_CONFIGURED: Allowance.CREATE,
    # Pod security, admission, a ServiceAccount that is missing: somebody may be about to make it.
    RolloutTrouble.NOT_CREATED: Allowance.CREATE,
    RolloutTrouble.NOT_PULLED: Allowance.PULL,
    # Autoscalers take minutes, and quotas are given back by what ends.
    RolloutTrouble.UNSCHEDULABLE: Allowance.DEADLINE,
    RolloutTrouble.QUOTA: Allowance.DEADLINE,
    RolloutTrouble.REGISTRY_BUSY: Allowance.DEADLINE,
    RolloutTrouble.NOT_READY: Allowance.DEADLINE,
}
# Kubernetes' words for why a container does not run. What is not here is on its way.
WAITING: Mapping[str, RolloutTrouble] = {
    "InvalidImageName": RolloutTrouble.BAD_IMAGE_NAME,
    "CreateContainerConfigError": RolloutTrouble.NOT_CONFIGURED,
    "CreateContainerError": RolloutTrouble.NOT_CONFIGURED,
    "ErrImagePull": RolloutTrouble.NOT_PULLED,
    "ImagePullBackOff": RolloutTrouble.NOT_PULLED,
    "ErrImageNeverPull": RolloutTrouble.NOT_PULLED,
    "ImageInspectError": RolloutTrouble.NOT_PULLED,
    "RegistryUnavailable": RolloutTrouble.NOT_PULLED,
    "SignatureValidationFailed": RolloutTrouble.NOT_PULLED,
    "CrashLoopBackOff": RolloutTrouble.CRASHING,
}
_OWN_WORDS = frozenset({RolloutTrouble.OUT_OF_MEMORY, RolloutTrouble.CRASHING, RolloutTrouble.NOT_READY})
_ORDER = {trouble: number for number, trouble in enumerate(RolloutTrouble)}
# A registry that is busy, or a node that pulls as much as it may.
_BUSY = re.compile(r"too ?many ?requests|status(?: code)?:? 429\b|\b429 Too|pull QPS exceeded", re.IGNORECASE)
_QUOTA = "exceeded quota"
_FAILED, _UNHEALTHY = "Failed", "Unhealthy"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """A trouble that was seen: of which object, container and pod, in Kubernetes' word and text, since when or how often."""

    trouble: RolloutTrouble
    object: str
    reason: str
    text: str
    since: datetime
    pod: str = ""
    container: str = ""
    restarts: int = 0

    @property
    def sentence(self) -> str:
        """Say it with object, container and reason."""
        where = f"{self.object}, pod {self.pod}" if self.pod else self.object
        what = f"container {self.container}: {self.reason}" if self.container else self.reason
        return f"{where}: {what}: {self.text}" if self.text else f"{where}: {what}"

    def ripe(self, patience: Patience) -> datetime | None:
        """From when on it is a failure; None where more has to happen than that time passes."""
        allowed = ALLOWANCES[self.trouble]
        match allowed:
            case Allowance.NOT:
                return _LONG_AGO
            case Allowance.CREATE:
                return self.since + patience.create
            case Allowance.PULL:
                return self.since + patience.pull
            case Allowance.RESTARTS:
                return _LONG_AGO if self.restarts >= patience.restarts else None
            case Allowance.DEADLINE:
                return None
            case _:
                assert_never(allowed)

    @property
    def rank(self) -> tuple[int, datetime]:
        """The surest first, and of those the eldest."""
        return _ORDER[self.trouble], self.since


def symptoms(look: Look) -> list[Symptom]:
    """Say what is wrong, the surest first. What has settled has no troubles, and what somebody added judges nothing."""
    found = [one for workload in look.workloads if workload.lacks for one in _of_workload(workload, look.at)]
    return sorted(found, key=lambda one: one.rank)


def _of_workload(one: Workload, now: datetime) -> Iterator[Symptom]:
    if one.overdue:
        yield Symptom(
            trouble=RolloutTrouble.PROGRESS_DEADLINE,
            object=one.object,
            reason=RolloutTrouble.PROGRESS_DEADLINE,
            text=one.overdue,
            since=now,
        )
    if one.ended_badly:
        yield Symptom(
            trouble=RolloutTrouble.JOB_FAILED,
            object=one.object,
            reason=RolloutTrouble.JOB_FAILED,
            text=one.ended_badly,
            since=now,
        )
    if one.refusal is not None:
        quota = _QUOTA in one.refusal.message
        trouble = RolloutTrouble.QUOTA if quota else RolloutTrouble.NOT_CREATED
        text, since = one.refusal.message, one.refusal.since
        yield Symptom(trouble=trouble, object=one.object, reason=RolloutTrouble.NOT_CREATED, text=text, since=since)
    for pod in one.pods:
        if not pod.ready and not pod.leaving:
            yield from _of_pod(one, pod)


def _of_pod(workload: Workload, pod: PodState) -> Iterator[Symptom]:
    if pod.unschedulable:
        yield Symptom(
            trouble=RolloutTrouble.UNSCHEDULABLE,
            object=workload.object,
            pod=pod.name,
            reason=RolloutTrouble.UNSCHEDULABLE,
            text=pod.unschedulable,
            since=pod.changed,
        )
    for container in pod.containers:
        trouble = _of_container(workload, pod, container) if container.image and not container.ready else None
        if trouble is not None:
            yield _symptom(workload, pod, container, trouble)


def _of_container(workload: Workload, pod: PodState, container: Container) -> RolloutTrouble | None:
    trouble = WAITING.get(container.waiting)
    killed = container.ended is not None and container.ended.reason == RolloutTrouble.OUT_OF_MEMORY
    if trouble is RolloutTrouble.CRASHING or (trouble is None and killed):
        # How often a Job's pod may fail is for the Job to say, and what a pod went through before is not of this deployment.
        if workload.kind == JOB:
            return None
        if not pod.new:
            return RolloutTrouble.NOT_READY
        return RolloutTrouble.OUT_OF_MEMORY if killed else RolloutTrouble.CRASHING
    if trouble is RolloutTrouble.NOT_PULLED and _BUSY.search(_last_word(pod, container)):
        return RolloutTrouble.REGISTRY_BUSY
    return trouble or (RolloutTrouble.NOT_READY if container.running else None)


def _symptom(workload: Workload, pod: PodState, container: Container, trouble: RolloutTrouble) -> Symptom:
    text = container.message
    if trouble in (RolloutTrouble.NOT_PULLED, RolloutTrouble.REGISTRY_BUSY):
        text = _last_word(pod, container)
    if trouble is RolloutTrouble.NOT_READY:
        unhealthy = list(_of(pod, container, _UNHEALTHY))
        text = max(unhealthy, key=lambda one: one.last).message if unhealthy else text
    if ALLOWANCES[trouble] is Allowance.RESTARTS:
        ended = container.ended
        last = f"; it ended with exit code {ended.exit_code} ({ended.reason})" if ended else ""
        text = f"restarted {counted(container.restarts, 'time')}{last}"
    return Symptom(
        trouble=trouble,
        object=workload.object,
        pod=pod.name,
        container=container.name,
        reason=trouble if trouble in _OWN_WORDS else container.waiting,
        text=text,
        since=_since(pod, container, trouble),
        restarts=container.restarts,
    )


def _last_word(pod: PodState, container: Container) -> str:
    """What was said last of a pull. While the kubelet backs off, only the event says why."""
    said = [one for one in _of(pod, container, _FAILED) if _of_pull(one)]
    newest = max(said, key=lambda one: one.last, default=None)
    if newest is None or container.waiting == "ErrImagePull" or newest.message in container.message:
        return container.message
    return f"{container.message}: {newest.message}" if container.message else newest.message


def _since(pod: PodState, container: Container, trouble: RolloutTrouble) -> datetime:
    """From when on it is so: the pod's newest change, or the first event that says it, as pulling another image may take long."""
    pulls = trouble is RolloutTrouble.NOT_PULLED
    said = [
        one.first for one in _of(pod, container, _FAILED) if _of_pull(one) is pulls and not _BUSY.search(one.message)
    ]
    return max(pod.changed, min(said, default=pod.changed))


def _of(pod: PodState, container: Container, reason: str) -> Iterator[Happening]:
    for one in pod.happenings:
        if one.reason == reason and one.container in ("", container.name):
            yield one


def _of_pull(one: Happening) -> bool:
    return "pull" in one.message.casefold()


def next_ripe(found: list[Symptom], patience: Patience, now: datetime) -> timedelta | None:
    """How long until the next of them is a failure by the passing of time alone; None where none will be."""
    times = [at - now for one in found if (at := one.ripe(patience)) is not None and at > now]
    return min(times, default=None)
