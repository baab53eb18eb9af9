"""What becomes of pods: a few threads take each through its steps, now or when their time has come."""

from __future__ import annotations

import heapq
import itertools
import queue
import threading
import time
from collections.abc import Mapping
from enum import Enum, auto
from pathlib import Path
from typing import Any

from tests.support.fake_kubelet.api import STRATEGIC, Api
from tests.support.fake_kubelet.images import image_id
from tests.support.fake_kubelet.nodes import now
from tests.support.fake_kubelet.pods import Pod

_THREADS = 6
_SOON, _BACK_OFF, _LONGEST_BACK_OFF = 0.05, 0.5, 60.0  # seconds
_AGAIN_FOR = 0.3


class Step(Enum):
    """What happens to a pod next."""

    START = auto()
    READY = auto()
    PULL_BACK_OFF = auto()
    END = auto()
    RESTART = auto()
    DELETE = auto()


class Life:
    """All pods that have a node, by uid."""

    def __init__(self, api: Api, folder: Path) -> None:
        self._api, self._folder = api, folder
        self._pods: dict[str, Pod] = {}
        self._lock = threading.Lock()
        self._due: queue.SimpleQueue[tuple[str, Step]] = queue.SimpleQueue()
        self._later: list[tuple[float, int, str, Step]] = []
        self._added = threading.Condition()
        self._numbers, self._addresses = itertools.count(), itertools.count(1)

    def start(self) -> None:
        """Begin to take pods through their steps."""
        for work in (self._keep_time, *[self._work] * _THREADS):
            threading.Thread(target=work, daemon=True).start()

    def find(self, namespace: str, name: str) -> Pod | None:
        """Return a pod by its name."""
        with self._lock:
            return next((pod for pod in self._pods.values() if pod.place == (namespace, name)), None)

    def list(self, objects: list[dict[str, Any]]) -> None:
        """Take over what the API has; what is not among it is gone."""
        uids = {one["metadata"]["uid"] for one in objects}
        with self._lock:
            gone = [pod.object for uid, pod in self._pods.items() if uid not in uids]
        for one in gone:
            self.see("DELETED", one)
        for one in objects:
            self.see("ADDED", one)

    def see(self, kind: str, found: dict[str, Any]) -> None:
        """Note how a pod is now."""
        uid = found["metadata"]["uid"]
        with self._lock:
            if kind == "DELETED":
                if (pod := self._pods.pop(uid, None)) is not None:
                    pod.gone = True
                return
            pod = self._pods.get(uid)
            if pod is None:
                pod = Pod(found)
                if found["status"].get("phase") in ("Succeeded", "Failed") and not pod.leaves:
                    return
                self._pods[uid] = pod
                if not pod.leaves:
                    self._due.put((uid, Step.START))
            pod.object = found
            if pod.leaves and not pod.gone:
                pod.gone = True
                self._plan(pod, Step.DELETE, float(pod.annotations.get("fakelet/stop-delay", "0")))

    def _plan(self, pod: Pod, step: Step, delay: float = 0.0) -> None:
        if not delay:
            self._due.put((pod.uid, step))
            return
        with self._added:
            heapq.heappush(self._later, (time.monotonic() + delay, next(self._numbers), pod.uid, step))
            self._added.notify()

    def _keep_time(self) -> None:
        while True:
            with self._added:
                while not self._later or self._later[0][0] > time.monotonic():
                    self._added.wait(self._later[0][0] - time.monotonic() if self._later else None)
                _, _, uid, step = heapq.heappop(self._later)
            self._due.put((uid, step))

    def _work(self) -> None:
        while True:
            uid, step = self._due.get()
            with self._lock:
                pod = self._pods.get(uid)
            if pod is None:
                continue
            if step is Step.DELETE:
                self._delete(pod)
                continue
            with pod.stepping:
                if not pod.gone:
                    self._take(pod, step)

    def _take(self, pod: Pod, step: Step) -> None:
        match step:
            case Step.START:
                self._begin(pod)
            case Step.READY:
                self._say(pod, "Running", ready=True, state=_running())
            case Step.PULL_BACK_OFF:
                image = pod.containers[0]["image"]
                text = f'Back-off pulling image "{image}"'
                self._say(pod, "Pending", state=_waiting("ImagePullBackOff", text))
                self._tell(pod, "BackOff", text, kind="Normal")
            case Step.END:
                self._end(pod)
            case Step.RESTART:
                self._say(pod, "Running", state=_running(), last=pod.ended())
                self._plan(pod, Step.END, _AGAIN_FOR)
            case _:
                raise AssertionError(f"{step} is no step of a pod that lives")

    def _begin(self, pod: Pod) -> None:
        pod.started = now()
        pod.address = "10.244.{}.{}".format(*divmod(next(self._addresses) % 60_000, 250))
        images = {one["image"]: image_id(one["image"], self._folder) for one in (*pod.containers, *pod.first)}
        missing = [image for image, found in images.items() if found is None]
        mode = pod.mode
        if missing or mode == "pull-error":
            self._fail_to_pull(pod, (*missing, pod.containers[0]["image"])[0])
            return
        pod.images = {image: found for image, found in images.items() if found is not None}
        if mode == "create-error":
            self._say(pod, "Pending", state=_waiting("CreateContainerConfigError", 'secret "x" not found'))
            self._tell(pod, "Failed", "Error: secret not found")
        elif mode in ("crash", "oom", "fail", "complete"):
            self._say(pod, "Running", ready=mode in ("crash", "oom") and pod.delay > 0, state=_running())
            self._plan(pod, Step.END, pod.delay or _SOON)
        elif mode in ("never-ready", "hang"):
            self._say(pod, "Running", state=_running())
            if mode == "never-ready":
                self._tell(pod, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
        else:
            self._say(pod, "Running", ready=not pod.delay, state=_running())
            if pod.delay:
                self._plan(pod, Step.READY, pod.delay)

    def _fail_to_pull(self, pod: Pod, image: str) -> None:
        self._say(pod, "Pending", state=_waiting("ErrImagePull", f"failed to pull {image}: not found"))
        self._tell(pod, "Failed", f'Failed to pull image "{image}": not found')
        self._plan(pod, Step.PULL_BACK_OFF, _BACK_OFF)

    def _end(self, pod: Pod) -> None:
        ended = pod.ended()
        if pod.mode == "complete" and pod.restart_policy != "Always":
            self._say(pod, "Succeeded", state=ended)
        elif pod.restart_policy == "Never":
            self._say(pod, "Failed", state=ended)
        else:
            pod.restarts += 1
            text = f"back-off restarting failed container {pod.containers[0]['name']}"
            self._say(pod, "Running", state=_waiting("CrashLoopBackOff", text), last=ended)
            self._tell(pod, "BackOff", "Back-off restarting failed container")
            self._plan(pod, Step.RESTART, min(_LONGEST_BACK_OFF, float(1 << pod.restarts)))

    def _say(
        self,
        pod: Pod,
        phase: str,
        *,
        ready: bool = False,
        state: Mapping[str, Any],
        last: Mapping[str, Any] | None = None,
    ) -> None:
        body = {"metadata": {"uid": pod.uid}, "status": pod.status(phase, ready=ready, state=state, last=last)}
        answer = self._api.ask("PATCH", f"{pod.path}/status", body, kind=STRATEGIC)
        if answer.status not in (200, 404, 409):
            print("status", pod.place, answer, flush=True)

    def _tell(self, pod: Pod, reason: str, text: str, *, kind: str = "Warning") -> None:
        namespace, name = pod.place
        about = {"apiVersion": "v1", "kind": "Pod", "name": name, "namespace": namespace, "uid": pod.uid}
        host = pod.object["spec"].get("nodeName", "")
        body = {"metadata": {"generateName": f"{name}."}, "type": kind, "reason": reason, "message": text, "count": 1}
        body |= {"firstTimestamp": now(), "lastTimestamp": now(), "source": {"component": "kubelet", "host": host}}
        body |= {"reportingComponent": "kubelet", "reportingInstance": "fake", "involvedObject": about}
        self._api.ask("POST", f"/api/v1/namespaces/{namespace}/events", body)

    def _delete(self, pod: Pod) -> None:
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0}
        self._api.ask("DELETE", pod.path, {**options, "preconditions": {"uid": pod.uid}})


def _running() -> dict[str, Any]:
    return {"running": {"startedAt": now()}}


def _waiting(reason: str, message: str) -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}
