"""Pods and what happened to them, in our words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.reading import Json, each, number, part, parts, text, when
from shared.domain.rollouts.observed import Container, ContainerEnd, Happening, PodState
from shared.domain.rollouts.troubles import WAITING

_MOST_ASKED = 5
_GROUPS = (("initContainers", "initContainerStatuses"), ("containers", "containerStatuses"))


def pods_of(
    api: Api, namespace: str, found: Iterable[Json], images: Mapping[str, str], *, begun: datetime
) -> tuple[PodState, ...]:
    """Read pods. What happened is asked of the first few that are stuck: others are so for the same cause."""
    read = [(str(part(one, "metadata").get("uid")), pod_of(one, images, begun=begun)) for one in found]
    stuck = [uid for uid, pod in read if not pod.ready and not pod.leaving and any(map(_stuck, pod.containers))]
    asked = set(stuck[:_MOST_ASKED])
    return tuple(
        replace(pod, happenings=tuple(happenings(api, namespace, uid))) if uid in asked else pod for uid, pod in read
    )


def pod_of(found: Json, images: Mapping[str, str], *, begun: datetime) -> PodState:
    """Read a pod; `images` are what the manifest names, by container."""
    metadata, status = part(found, "metadata"), part(found, "status")
    conditions = {str(one.get("type")): one for one in parts(status, "conditions")}
    created = when(metadata.get("creationTimestamp"))
    scheduled = conditions.get("PodScheduled", {})
    phase = status.get("phase")
    gone = phase == "Failed" or status.get("reason") == "Evicted" or _is(conditions, "DisruptionTarget")
    return PodState(
        name=text(metadata.get("name")),
        changed=max([created, *(when(one.get("lastTransitionTime")) for one in conditions.values())]),
        new=created >= begun,
        ready=_is(conditions, "Ready") or phase == "Succeeded",
        leaving=bool(metadata.get("deletionTimestamp")) or gone,
        unschedulable=text(scheduled.get("message")) if scheduled.get("reason") == "Unschedulable" else "",
        containers=tuple(_containers(found, images)),
    )


def happenings(api: Api, namespace: str, uid: str) -> Iterator[Happening]:
    """Read the events about an object."""
    return _happenings(api, namespace, f"involvedObject.uid={uid}")


def happenings_of(api: Api, namespace: str, kind: str, name: str) -> Iterator[Happening]:
    """Read the events about an object that is gone, and those of its name before it."""
    return _happenings(api, namespace, f"involvedObject.kind={kind},involvedObject.name={name}")


def _happenings(api: Api, namespace: str, of: str) -> Iterator[Happening]:
    query = [("fieldSelector", of)]
    for one in each(api, ("api", "v1", "namespaces", namespace, "events"), query):
        made = part(one, "metadata").get("creationTimestamp")
        first = one.get("firstTimestamp") or one.get("eventTime") or made
        last = part(one, "series").get("lastObservedTime") or one.get("lastTimestamp") or first
        yield Happening(
            reason=text(one.get("reason"), 60),
            message=text(one.get("message")),
            first=when(first),
            last=when(last),
            container=_container_of(str(part(one, "involvedObject").get("fieldPath") or "")),
        )


def _containers(found: Json, images: Mapping[str, str]) -> Iterator[Container]:
    missing = dict(images)
    for listed, stated in _GROUPS:
        states = {one.get("name"): one for one in parts(found, "status", stated)}
        for one in parts(found, "spec", listed):
            name = str(one.get("name"))
            yield _container(name, missing.pop(name, ""), states.get(name, {}))
    # Somebody took it out of the pod: what the manifest names does not run.
    yield from (_container(name, image, {}) for name, image in missing.items())


def _container(name: str, image: str, status: Json) -> Container:
    waiting = part(status, "state", "waiting")
    ended = part(status, "state", "terminated") or part(status, "lastState", "terminated")
    return Container(
        name=text(name),
        image=image,
        image_id=text(status.get("imageID")),
        ready=bool(status.get("ready")),
        running=bool(part(status, "state", "running")),
        waiting=text(waiting.get("reason"), 60),
        message=text(waiting.get("message")),
        restarts=number(status.get("restartCount")),
        ended=ContainerEnd(reason=text(ended.get("reason"), 60), exit_code=number(ended.get("exitCode")))
        if ended
        else None,
    )


def _stuck(one: Container) -> bool:
    return one.waiting in WAITING or (one.running and not one.ready)


def _is(conditions: Mapping[str, Json], name: str) -> bool:
    return conditions.get(name, {}).get("status") == "True"


def _container_of(path: str) -> str:
    """Of `spec.containers{app}` its name."""
    return path.partition("{")[2].removesuffix("}")
