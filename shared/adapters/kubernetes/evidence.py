"""What people need to find the cause of a failed rollout: its events, its containers, and the last lines of the log."""

from __future__ import annotations

from collections.abc import Iterator

from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.pods import happenings
from shared.adapters.kubernetes.reading import each, part
from shared.adapters.kubernetes.workloads import Seen
from shared.domain.rollouts.observed import JOB, Container, Look, PodState
from shared.domain.rollouts.verdicts import Judged
from shared.domain.values.words import counted, time_text
from shared.ports.errors import AdapterError

_LINES, _LONGEST_LOG, _READ = 50, 8 * 1024, 256 * 1024
_MOST_EVENTS, _MOST_PODS = 20, 20


def evidence(api: Api, namespace: str, judged: Judged, look: Look, seen: list[Seen]) -> bytes:
    """Read it, as text in which nothing but lines and words is left of what others wrote."""
    lines = [judged.reason, f"seen in namespace {namespace} at {time_text(look.at)} by the cluster's clock"]
    lines += ["", "Workloads", *_workloads(look)]
    pod = _pod(judged, look)
    lines += ["", "Events", *(_events(api, namespace, judged, pod, seen) or ["  none"])]
    if pod is not None:
        lines += _log(api, namespace, pod, _told(judged, pod))
    return "\n".join(lines).encode() + b"\n"


def _workloads(look: Look) -> Iterator[str]:
    left = _MOST_PODS
    for workload in look.workloads:
        yield f"  {workload.object}: {workload.lacks or 'ready'}"
        for pod in workload.pods[:left]:
            yield f"    pod {pod.name}{', leaving' if pod.leaving else ''}"
            for one in pod.containers:
                yield f"      container {one.name}: {_state(one)}, {counted(one.restarts, 'restart')}, {one.image_id or 'no image yet'}"
        left = max(0, left - len(workload.pods))


def _state(one: Container) -> str:
    if one.ready:
        return "ready"
    if one.waiting:
        return f"{one.waiting}: {one.message}" if one.message else one.waiting
    if one.running:
        return "running, not ready"
    return f"ended with exit code {one.ended.exit_code} ({one.ended.reason})" if one.ended else "not begun"


def _pod(judged: Judged, look: Look) -> PodState | None:
    """The pod that it failed by; of a Job any pod of it, and else one that is not ready."""
    of = judged.symptom.object if judged.symptom else ""
    pods = [pod for one in look.workloads if not of or one.object == of for pod in one.pods]
    named = [pod for pod in pods if judged.symptom is not None and pod.name == judged.symptom.pod]
    if named:
        return named[0]
    jobs = of.startswith(f"{JOB}/")
    unready = [pod for pod in pods if not pod.ready and (jobs or not pod.leaving)]
    return max(unready, key=lambda pod: pod.changed, default=None)


def _told(judged: Judged, pod: PodState) -> Container | None:
    """The container whose log tells most: the one that it failed by, else the first that began and is not ready."""
    named = judged.symptom.container if judged.symptom else ""
    began = [one for one in pod.containers if one.ended or one.running]
    of = [one for one in began if one.name == named] if named else [one for one in began if one.image and not one.ready]
    return next(iter(of), None)


def _events(api: Api, namespace: str, judged: Judged, pod: PodState | None, seen: list[Seen]) -> list[str]:
    of = judged.symptom.object if judged.symptom else ""
    uids = [one.uid for one in seen if one.uid and of in ("", one.workload.object)]
    told = [(of or "workload", one) for uid in uids[:3] for one in happenings(api, namespace, uid)]
    if pod is not None:
        query = [("fieldSelector", f"metadata.name={pod.name}")]
        for one in each(api, ("api", "v1", "namespaces", namespace, "pods"), query):
            uid = str(part(one, "metadata").get("uid"))
            told += [(f"pod {pod.name}", each_) for each_ in happenings(api, namespace, uid)]
    newest = sorted(told, key=lambda one: one[1].last)[-_MOST_EVENTS:]
    return [f"  {time_text(one.last)} {where} {one.reason}: {one.message}" for where, one in newest]


def _log(api: Api, namespace: str, pod: PodState, container: Container | None) -> list[str]:
    if container is None:
        return []
    path = ("api", "v1", "namespaces", namespace, "pods", pod.name, "log")
    query = [("container", container.name), ("tailLines", str(_LINES)), ("limitBytes", str(_READ))]
    said, problem = f"Log of container {container.name} of pod {pod.name}", ""
    # Of what has just begun again, the run before tells why.
    for previous in (True, False) if container.restarts else (False,):
        try:
            found = api.text(path, [*query, ("previous", "true")] if previous else query)
        except AdapterError as error:
            problem = str(error)
            continue
        lines = found[-_LONGEST_LOG:].splitlines()[-_LINES:]
        which = "the run before" if previous else "its last run"
        return ["", f"{said}, {which}, the last {_LINES} lines at most", *(f"  {_plain(line)}" for line in lines)]
    return ["", f"{said} cannot be read: {problem}"]


def _plain(line: str) -> str:
    return "".join([one if one.isprintable() or one == "\t" else "·" for one in line])
